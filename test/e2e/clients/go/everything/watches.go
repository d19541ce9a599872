package main

import (
	"context"
	"time"

	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/utils/ptr"
)

func watches(c *clients) {
	maps := c.kube.CoreV1().ConfigMaps(c.namespace)
	c.run("a watch tells of every change, in order, and of leaving a selector", func(t *check.T) {
		before, err := maps.List(t.Ctx, list)
		t.Must("list", err)
		events, err := maps.Watch(t.Ctx, metav1.ListOptions{LabelSelector: "watched=yes", ResourceVersion: before.ResourceVersion})
		t.Must("watch", err)
		defer events.Stop()
		wanted := configMap("watched", map[string]string{"n": "1"})
		wanted.Labels = map[string]string{"watched": "yes"}
		made, err := maps.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		change := func(patch string) {
			_, err := maps.Patch(t.Ctx, "watched", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
			t.Must("patch", err)
		}
		change(`{"data":{"n":"2"}}`)
		change(`{"metadata":{"labels":{"watched":"no"}}}`)
		change(`{"metadata":{"labels":{"watched":"yes"}}}`)
		t.Must("delete", maps.Delete(t.Ctx, "watched", remove))
		last := ""
		for _, want := range []struct {
			kind watch.EventType
			n    string
		}{{watch.Added, "1"}, {watch.Modified, "2"}, {watch.Deleted, "2"}, {watch.Added, "2"}, {watch.Deleted, "2"}} {
			event := check.Next(t, "an event", events.ResultChan())
			t.Equal("type", event.Type, want.kind)
			object := event.Object.(*corev1.ConfigMap)
			t.Equal("data", object.Data["n"], want.n)
			t.True("a new resourceVersion", object.ResourceVersion != last)
			last = object.ResourceVersion
		}
		again, err := maps.Watch(t.Ctx, metav1.ListOptions{ResourceVersion: made.ResourceVersion, FieldSelector: "metadata.name=watched"})
		t.Must("watch again", err)
		defer again.Stop()
		t.Equal("resumes after the version", check.Next(t, "an event", again.ResultChan()).Type, watch.Modified)
	})
	c.run("a watch ends after its timeout", func(t *check.T) {
		events, err := maps.Watch(t.Ctx, metav1.ListOptions{TimeoutSeconds: ptr.To[int64](1), ResourceVersion: "0", FieldSelector: "metadata.name=none"})
		t.Must("watch", err)
		select {
		case event, open := <-events.ResultChan():
			t.True("ended without an event: "+string(event.Type), !open)
		case <-t.Ctx.Done():
			t.Fail("it never ended")
		}
	})
	c.run("a watch with initial events ends them with a marked bookmark", func(t *check.T) {
		events, err := maps.Watch(t.Ctx, metav1.ListOptions{
			LabelSelector: "chunk", SendInitialEvents: ptr.To(true), AllowWatchBookmarks: true,
			ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		})
		t.Must("watch", err)
		defer events.Stop()
		for range many {
			t.Equal("type", check.Next(t, "an event", events.ResultChan()).Type, watch.Added)
		}
		end := check.Next(t, "the bookmark", events.ResultChan())
		t.Equal("type", end.Type, watch.Bookmark)
		mark := end.Object.(*corev1.ConfigMap)
		t.Equal("annotation", mark.Annotations[metav1.InitialEventsAnnotationKey], "true")
		t.True("its version", mark.ResourceVersion != "")
		_, err = maps.Watch(t.Ctx, metav1.ListOptions{SendInitialEvents: ptr.To(true)})
		t.ErrorIs("without resourceVersionMatch", err, apierrors.IsInvalid)
	})
	c.run("a watch from a forgotten version is Expired", func(t *check.T) {
		events, err := maps.Watch(t.Ctx, metav1.ListOptions{ResourceVersion: "1"})
		if err != nil {
			t.ErrorIs("watch", err, func(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) })
			return
		}
		defer events.Stop()
		// A young server still has all its history; one that has lost it says so in an event.
		if event := check.Next(t, "an event", events.ResultChan()); event.Type == watch.Error {
			t.ErrorIs("watch", apierrors.FromObject(event.Object), apierrors.IsResourceExpired)
		}
	})
	c.run("RetryWatcher and UntilWithSync see an object through", func(t *check.T) {
		_, err := maps.Create(t.Ctx, configMap("until", nil), create)
		t.Must("create", err)
		lw := &cache.ListWatch{
			ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
				options.FieldSelector = "metadata.name=until"
				return maps.List(t.Ctx, options)
			},
			WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
				options.FieldSelector = "metadata.name=until"
				return maps.Watch(t.Ctx, options)
			},
		}
		done := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Ctx, 60*time.Second)
		defer cancel()
		go func() {
			_, err := watchtools.UntilWithSync(ctx, lw, &corev1.ConfigMap{}, nil, func(event watch.Event) (bool, error) {
				return event.Object.(*corev1.ConfigMap).Data["ready"] == "yes", nil
			})
			done <- err
		}()
		found, err := maps.Get(t.Ctx, "until", get)
		t.Must("get", err)
		retry, err := watchtools.NewRetryWatcher(found.ResourceVersion, lw)
		t.Must("retry watcher", err)
		defer retry.Stop()
		found.Data = map[string]string{"ready": "yes"}
		_, err = maps.Update(t.Ctx, found, update)
		t.Must("update", err)
		t.Equal("retry watcher", check.Next(t, "an event", retry.ResultChan()).Type, watch.Modified)
		t.Must("until", check.Next(t, "the end", done))
	})
}
