// Shared informers over a namespace full of objects, with whatever this version of client-go uses to fill them: a list
// and a watch, or one watch with initial events (the WatchListClient feature, $KUBE_FEATURE_WatchListClient).
package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const objects = 200

// wire remembers how the first read over it was done.
type wire struct {
	next  http.RoundTripper
	first atomic.Value
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	kind := "a list"
	if query.Get("watch") != "" {
		kind = "a watch"
	}
	if query.Get("sendInitialEvents") == "true" {
		kind = "a watch with initial events"
	}
	w.first.CompareAndSwap(nil, kind)
	return w.next.RoundTrip(request)
}

var (
	streaming = os.Getenv("KUBE_FEATURE_WatchListClient") == "true"
	namespace = os.Getenv("CHECK_NAMESPACE")
	selected  = func(options *metav1.ListOptions) { options.LabelSelector = "set=informers" }
	resource  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

func main() {
	base, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		panic(err)
	}
	base.QPS = -1
	for _, contentType := range []string{"application/vnd.kubernetes.protobuf", "application/json"} {
		config := rest.CopyConfig(base)
		config.ContentType, config.AcceptContentTypes = contentType, contentType+",application/json"
		check.Run("typed informer, "+contentType, func(t *check.T) {
			follow(t, config, func(config *rest.Config) cache.SharedIndexInformer {
				client := typedcore.NewForConfigOrDie(config)
				source := cache.NewFilteredListWatchFromClient(client.RESTClient(), "configmaps", namespace, selected)
				return cache.NewSharedIndexInformer(source, &corev1.ConfigMap{}, 0, cache.Indexers{})
			})
		})
	}
	check.Run("dynamic informer", func(t *check.T) {
		follow(t, base, func(config *rest.Config) cache.SharedIndexInformer {
			client := dynamic.NewForConfigOrDie(config).Resource(resource).Namespace(namespace)
			return cache.NewSharedIndexInformer(&cache.ListWatch{
				ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
					selected(&options)
					return client.List(t.Ctx, options)
				},
				WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
					selected(&options)
					return client.Watch(t.Ctx, options)
				},
			}, &unstructured.Unstructured{}, 0, cache.Indexers{})
		})
	})
	check.Run("metadata informer", func(t *check.T) {
		follow(t, base, func(config *rest.Config) cache.SharedIndexInformer {
			client := metadata.NewForConfigOrDie(config).Resource(resource).Namespace(namespace)
			return cache.NewSharedIndexInformer(&cache.ListWatch{
				ListFunc: func(options metav1.ListOptions) (runtime.Object, error) {
					selected(&options)
					return client.List(t.Ctx, options)
				},
				WatchFunc: func(options metav1.ListOptions) (watch.Interface, error) {
					selected(&options)
					return client.Watch(t.Ctx, options)
				},
			}, &metav1.PartialObjectMetadata{}, 0, cache.Indexers{})
		})
	})
	check.Run("an informer of something that is not there waits, and says why", func(t *check.T) {
		client := typedcore.NewForConfigOrDie(base)
		source := cache.NewListWatchFromClient(client.RESTClient(), "nothings", namespace, fields.Everything())
		informer := cache.NewSharedIndexInformer(source, &corev1.ConfigMap{}, 0, cache.Indexers{})
		said := make(chan error, 10)
		t.Must("handler", informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
			select {
			case said <- err:
			default:
			}
		}))
		go informer.Run(t.Ctx.Done())
		t.Contains("its words", check.Next(t, "an error", said).Error(), "could not find the requested resource")
		t.True("not synced", !informer.HasSynced())
	})
}

// follow fills the namespace, lets the informer see it, and changes it.
func follow(t *check.T, config *rest.Config, make func(*rest.Config) cache.SharedIndexInformer) {
	config = rest.CopyConfig(config)
	counter := &wire{}
	maps := typedcore.NewForConfigOrDie(config).ConfigMaps(namespace)
	for i := range objects {
		_, err := maps.Create(t.Ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("each-%03d", i), Labels: map[string]string{"set": "informers"}},
			BinaryData: map[string][]byte{"random": bytes.Repeat([]byte{byte(i), 0xff}, 500)},
		}, metav1.CreateOptions{})
		t.Must("create", err)
	}
	clear := func(ctx context.Context) error {
		return maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "set=informers"})
	}
	t.Cleanup(func() { _ = clear(context.Background()) })
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		counter.next = next
		return counter
	})
	var added, updated, deleted atomic.Int32
	informer := make(config)
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	t.Must("handler", err)
	go informer.Run(t.Ctx.Done())
	t.Eventually("it has synced", informer.HasSynced)
	t.Eventually("all were added", func() bool { return added.Load() == objects })
	t.Equal("in the store", len(informer.GetStore().List()), objects)
	want := "a list"
	if streaming {
		want = "a watch with initial events"
	}
	t.Equal("filled by", counter.first.Load(), any(want))
	_, err = maps.Patch(t.Ctx, "each-000", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
	t.Must("patch", err)
	t.Must("delete", clear(t.Ctx))
	t.Eventually("one change, then nothing is left", func() bool {
		return updated.Load() >= 1 && deleted.Load() == objects && len(informer.GetStore().List()) == 0
	})
	t.Equal("added in all", added.Load(), int32(objects))
}
