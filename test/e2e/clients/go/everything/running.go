package main

// What running programs do: elect a leader, tell events.

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
)

func elections(c *clients) {
	c.run("leader election: one leads, another takes over when it lets go", func(t *check.T) {
		var leading, most atomic.Int32
		led := make(chan string, 4)
		candidate := func(ctx context.Context, id string) <-chan struct{} {
			done := make(chan struct{})
			lock := &resourcelock.LeaseLock{
				LeaseMeta: metav1.ObjectMeta{Name: "throne", Namespace: c.namespace}, Client: c.kube.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: id},
			}
			go func() {
				defer close(done)
				leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
					Lock: lock, ReleaseOnCancel: true, LeaseDuration: 4 * time.Second, RenewDeadline: 3 * time.Second, RetryPeriod: 500 * time.Millisecond,
					Callbacks: leaderelection.LeaderCallbacks{
						OnStartedLeading: func(ctx context.Context) {
							most.Store(max(most.Load(), leading.Add(1)))
							led <- id
							<-ctx.Done()
							leading.Add(-1)
						},
						OnStoppedLeading: func() {},
					},
				})
			}()
			return done
		}
		first, stopFirst := context.WithCancel(t.Ctx)
		second, stopSecond := context.WithCancel(t.Ctx)
		defer stopSecond()
		firstDone := candidate(first, "first")
		t.Equal("the first leads", check.Next(t, "a leader", led), "first")
		secondDone := candidate(second, "second")
		stopFirst()
		<-firstDone
		t.Equal("the second leads", check.Next(t, "a leader", led), "second")
		lease, err := c.kube.CoordinationV1().Leases(c.namespace).Get(t.Ctx, "throne", get)
		t.Must("lease", err)
		t.Equal("holder", *lease.Spec.HolderIdentity, "second")
		t.Equal("transitions", *lease.Spec.LeaseTransitions >= 1, true)
		stopSecond()
		<-secondDone
		t.True("never two at once", most.Load() == 1)
	})
}

func newBroadcaster(c *clients) events.EventBroadcaster {
	return events.NewBroadcaster(&events.EventSinkImpl{Interface: c.kube.EventsV1()})
}

func eventsOf(c *clients) {
	c.run("events of the core recorder are counted, and found by their object", func(t *check.T) {
		about, err := c.kube.CoreV1().ConfigMaps(c.namespace).Create(t.Ctx, configMap("eventful", nil), create)
		t.Must("create", err)
		broadcaster := record.NewBroadcaster()
		defer broadcaster.Shutdown()
		broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: c.kube.CoreV1().Events("")})
		recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "go-test"})
		for range 3 {
			recorder.Event(about, corev1.EventTypeWarning, "Repeated", "the same words")
		}
		recorder.Eventf(about, corev1.EventTypeNormal, "Once", "number %d", 1)
		fields := c.kube.CoreV1().Events(c.namespace).GetFieldSelector(&about.Name, &about.Namespace, nil, nil)
		t.Eventually("two events, one counted three times", func() bool {
			found, err := c.kube.CoreV1().Events(c.namespace).List(t.Ctx, metav1.ListOptions{FieldSelector: fields.String()})
			t.Must("list", err)
			counted := map[string]int32{}
			for _, event := range found.Items {
				counted[event.Reason] = event.Count
			}
			return counted["Repeated"] == 3 && counted["Once"] == 1
		})
	})
	c.run("events of events.k8s.io form a series, and are the same objects", func(t *check.T) {
		about, err := c.kube.CoreV1().ConfigMaps(c.namespace).Get(t.Ctx, "eventful", get)
		t.Must("get", err)
		about.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
		broadcaster := newBroadcaster(c)
		defer broadcaster.Shutdown()
		stop := make(chan struct{})
		defer close(stop)
		broadcaster.StartRecordingToSink(stop)
		recorder := broadcaster.NewRecorder(scheme.Scheme, "go-test-new")
		recorder.Eventf(about, nil, corev1.EventTypeNormal, "Serial", "Testing", "again")
		find := func() *eventsv1.Event {
			found, err := c.kube.EventsV1().Events(c.namespace).List(t.Ctx, metav1.ListOptions{FieldSelector: "reason=Serial"})
			t.Must("list", err)
			if len(found.Items) == 0 {
				return nil
			}
			return &found.Items[0]
		}
		t.Eventually("the first", func() bool { return find() != nil })
		recorder.Eventf(about, nil, corev1.EventTypeNormal, "Serial", "Testing", "again")
		t.Eventually("a series", func() bool {
			found := find()
			return found.Series != nil && found.Series.Count == 2
		})
		old, err := c.kube.CoreV1().Events(c.namespace).Get(t.Ctx, find().Name, get)
		t.Must("the same in core", err)
		t.Equal("words", fmt.Sprint(old.Message, old.InvolvedObject.Name, old.ReportingController), "again"+"eventful"+"go-test-new")
	})
}
