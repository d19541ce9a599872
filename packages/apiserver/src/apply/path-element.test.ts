import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalElement,
  compareElements,
  describeElement,
  scalarJson,
  valueElement,
} from './path-element.ts'

test('scalars are written as Go writes them, HTML escaped', () => {
  assert.equal(scalarJson('nginx'), '"nginx"')
  assert.equal(scalarJson('a<b>&"'), '"a\\u003cb\\u003e\\u0026\\""')
  assert.equal(scalarJson('\u2028'), '"\\u2028"')
  assert.equal(scalarJson(8080), '8080')
  assert.equal(scalarJson(9007199254740993n), '9007199254740993')
  assert.equal(scalarJson(true), 'true')
})

test('equal elements have one form', () => {
  assert.equal(canonicalElement('k:{"protocol":"TCP","port":80}'), 'k:{"port":80,"protocol":"TCP"}')
  assert.equal(canonicalElement('k:{ "name" : "a" }'), 'k:{"name":"a"}')
  assert.equal(canonicalElement('v:1.0'), 'v:1')
  assert.equal(canonicalElement('v:9007199254740993'), 'v:9007199254740993')
  assert.equal(canonicalElement('v:"a<"'), 'v:"a\\u003c"')
  assert.equal(canonicalElement('f:__proto__'), 'f:__proto__')
  assert.equal(canonicalElement('i:3'), 'i:3')
})

test('malformed elements are told from ones of an unknown kind', () => {
  for (const text of ['', 'f', 'name', 'k:', 'k:[]', 'k:"x"', 'v:', 'v:{', 'i:x', 'i:1.5']) {
    assert.equal(canonicalElement(text), null, text)
  }
  assert.equal(canonicalElement('z:later'), undefined)
})

test('members come before keys, keys before values, values before indexes; numbers count as numbers', () => {
  const ordered = [
    '.',
    'f:a',
    'f:b',
    'k:{"name":"a"}',
    'k:{"name":"a!"}',
    'k:{"port":9,"protocol":"UDP"}',
    'k:{"port":80,"protocol":"TCP"}',
    'k:{"port":80,"protocol":"UDP"}',
    'v:2',
    'v:10',
    'v:"a"',
    'v:"b"',
    'v:true',
    'i:2',
    'i:10',
  ]
  assert.deepEqual([...ordered].reverse().sort(compareElements), ordered)
  for (const element of ordered) assert.equal(compareElements(element, element), 0)
})

test('elements read as paths in messages', () => {
  assert.equal(describeElement('f:replicas'), '.replicas')
  assert.equal(describeElement('k:{"name":"nginx"}'), '[name="nginx"]')
  assert.equal(
    describeElement('k:{"containerPort":80,"protocol":"TCP"}'),
    '[containerPort=80,protocol="TCP"]',
  )
  assert.equal(describeElement(valueElement('a "b"')), '[="a \\"b\\""]')
  assert.equal(describeElement('v:7'), '[=7]')
  assert.equal(describeElement('i:0'), '[0]')
})
