// Package check runs named checks and prints one line for each: "ok NAME" or "FAIL NAME -- why".
package check

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// limit of one check: machines that run tests are slow and shared.
const limit = 90 * time.Second

// T is what a check asserts with. The first failure ends the check.
type T struct {
	// Ctx ends when the check has used up its time, and when the check returns.
	Ctx     context.Context
	cleanup []func()
}

type failure struct{ why string }

// Run runs one check to its end.
func Run(name string, body func(t *T)) {
	started := time.Now()
	why := run(body)
	if why == "" {
		fmt.Printf("ok %s\n", name)
		return
	}
	took := time.Since(started).Round(time.Millisecond)
	fmt.Printf("FAIL %s -- %s (after %s)\n", name, strings.ReplaceAll(why, "\n", " | "), took)
}

func run(body func(t *T)) (why string) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t := &T{Ctx: ctx}
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case failure:
			why = thrown.why
		default:
			why = fmt.Sprintf("panic: %v", thrown)
		}
		for i := len(t.cleanup) - 1; i >= 0; i-- {
			t.cleanup[i]()
		}
		cancel()
	}()
	body(t)
	return ""
}

// Cleanup calls clean after the check, last first.
func (t *T) Cleanup(clean func()) {
	t.cleanup = append(t.cleanup, clean)
}

// Fail ends the check.
func (t *T) Fail(format string, args ...any) {
	panic(failure{fmt.Sprintf(format, args...)})
}

// Must fails when what did not work.
func (t *T) Must(what string, err error) {
	if err != nil {
		t.Fail("%s: %v (%T)", what, err, err)
	}
}

// True fails unless ok.
func (t *T) True(what string, ok bool) {
	if !ok {
		t.Fail("not so: %s", what)
	}
}

// Equal fails when the two differ.
func (t *T) Equal(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.Fail("%s: got %+v, want %+v", what, got, want)
	}
}

// ErrorIs fails unless is(err).
func (t *T) ErrorIs(what string, err error, is func(error) bool) {
	if err == nil {
		t.Fail("%s: no error", what)
	}
	if !is(err) {
		t.Fail("%s: the wrong error: %v (%#v)", what, err, err)
	}
}

// Contains fails unless the text has the part.
func (t *T) Contains(what, text, part string) {
	if !strings.Contains(text, part) {
		t.Fail("%s: %q does not contain %q", what, text, part)
	}
}

// Eventually waits until probe says true; it fails at the limit of the check.
func (t *T) Eventually(what string, probe func() bool) {
	for !probe() {
		select {
		case <-t.Ctx.Done():
			t.Fail("did not happen in time: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Next takes one value from a channel within the limit of the check.
func Next[V any](t *T, what string, from <-chan V) V {
	select {
	case value, open := <-from:
		if !open {
			t.Fail("%s: the channel was closed", what)
		}
		return value
	case <-t.Ctx.Done():
		t.Fail("%s: nothing came in time", what)
	}
	panic("unreachable")
}
