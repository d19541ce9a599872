// Rules for file paths inside pods: relative, going down only, not starting with two dots.

import { type FieldError, invalid } from '../../../field-error.ts'

export function validateNoBacksteps(path: string, field: string): FieldError[] {
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : []
}

export function validateDescendingPath(path: string, field: string): FieldError[] {
  const errors = validateNoBacksteps(path, field)
  return path.startsWith('/') ? [invalid(field, path, 'must be a relative path'), ...errors] : errors
}

/** Also refuses names that start with '..': the node keeps its own files there. */
export function validateLocalPath(path: string, field: string): FieldError[] {
  const errors = validateDescendingPath(path, field)
  if (path.startsWith('..') && !path.startsWith('../')) {
    errors.push(invalid(field, path, "must not start with '..'"))
  }
  return errors
}

export function validateFileMode(mode: number | undefined | null, field: string): FieldError[] {
  if (mode === undefined || mode === null || (mode >= 0 && mode <= 0o777)) return []
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}
