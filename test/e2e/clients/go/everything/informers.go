package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"brume.dev/brume/test/e2e/clients/go/check"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

type counts struct{ added, updated, deleted atomic.Int32 }

func (c *counts) handler() cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { c.added.Add(1) },
		UpdateFunc: func(any, any) { c.updated.Add(1) },
		DeleteFunc: func(any) { c.deleted.Add(1) },
	}
}

func (c *counts) are(added, updated, deleted int32) func() bool {
	return func() bool {
		return c.added.Load() == added && c.updated.Load() >= updated && c.deleted.Load() == deleted
	}
}

func informersOf(c *clients) {
	maps := c.kube.CoreV1().ConfigMaps(c.namespace)
	selected := func(options *metav1.ListOptions) { options.LabelSelector = "informed=yes" }
	wanted := func(i int) string { return fmt.Sprintf("informed-%02d", i) }
	c.run("a shared informer factory of many kinds syncs and follows", func(t *check.T) {
		for i := range 10 {
			object := configMap(wanted(i), nil)
			object.Labels["informed"] = "yes"
			_, err := maps.Create(t.Ctx, object, create)
			t.Must("create", err)
		}
		factory := informers.NewSharedInformerFactoryWithOptions(c.kube, 0, informers.WithNamespace(c.namespace), informers.WithTweakListOptions(selected))
		var seen counts
		_, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(seen.handler())
		t.Must("handler", err)
		for _, each := range []cache.SharedIndexInformer{
			factory.Core().V1().Pods().Informer(), factory.Core().V1().Services().Informer(), factory.Core().V1().Secrets().Informer(),
			factory.Core().V1().Nodes().Informer(), factory.Core().V1().Namespaces().Informer(), factory.Apps().V1().Deployments().Informer(),
			factory.Apps().V1().ReplicaSets().Informer(), factory.Apps().V1().StatefulSets().Informer(), factory.Apps().V1().DaemonSets().Informer(),
			factory.Batch().V1().Jobs().Informer(), factory.Batch().V1().CronJobs().Informer(), factory.Networking().V1().Ingresses().Informer(),
			factory.Discovery().V1().EndpointSlices().Informer(), factory.Policy().V1().PodDisruptionBudgets().Informer(),
			factory.Rbac().V1().ClusterRoles().Informer(), factory.Storage().V1().StorageClasses().Informer(), factory.Storage().V1().CSINodes().Informer(),
			factory.Coordination().V1().Leases().Informer(), factory.Certificates().V1().CertificateSigningRequests().Informer(),
			factory.Admissionregistration().V1().ValidatingAdmissionPolicies().Informer(), factory.Flowcontrol().V1().FlowSchemas().Informer(),
		} {
			t.True("a fresh informer", !each.HasSynced())
		}
		factory.Start(t.Ctx.Done())
		for kind, synced := range factory.WaitForCacheSync(t.Ctx.Done()) {
			t.True("synced: "+kind.String(), synced)
		}
		t.Eventually("the first ten", seen.are(10, 0, 0))
		found, err := factory.Core().V1().ConfigMaps().Lister().ConfigMaps(c.namespace).List(labels.Everything())
		t.Must("lister", err)
		t.Equal("in the cache", len(found), 10)
		_, err = maps.Patch(t.Ctx, wanted(0), types.MergePatchType, []byte(`{"data":{"a":"b"}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		_, err = maps.Patch(t.Ctx, wanted(1), types.MergePatchType, []byte(`{"metadata":{"labels":{"informed":null}}}`), metav1.PatchOptions{})
		t.Must("unlabel", err)
		t.Must("delete", maps.Delete(t.Ctx, wanted(2), remove))
		t.Eventually("a change and two leaving", seen.are(10, 1, 2))
	})
	c.run("dynamic and metadata informers agree with the typed one", func(t *check.T) {
		resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
		fluid := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, c.namespace, selected).ForResource(resource)
		partial := metadatainformer.NewFilteredSharedInformerFactory(c.metadata, 0, c.namespace, selected).ForResource(resource)
		var a, b counts
		_, err := fluid.Informer().AddEventHandler(a.handler())
		t.Must("handler", err)
		_, err = partial.Informer().AddEventHandler(b.handler())
		t.Must("handler", err)
		go fluid.Informer().Run(t.Ctx.Done())
		go partial.Informer().Run(t.Ctx.Done())
		t.Eventually("eight each", func() bool { return a.are(8, 0, 0)() && b.are(8, 0, 0)() })
		_, err = maps.Patch(t.Ctx, wanted(3), types.MergePatchType, []byte(`{"data":{"a":"c"}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		t.Must("delete", maps.Delete(t.Ctx, wanted(4), remove))
		t.Eventually("a change and one leaving", func() bool { return a.are(8, 1, 1)() && b.are(8, 1, 1)() })
	})
	c.run("a controller with a workqueue sees what it writes itself", func(t *check.T) {
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
		defer queue.ShutDown()
		factory := informers.NewSharedInformerFactoryWithOptions(c.kube, time.Minute, informers.WithNamespace(c.namespace), informers.WithTweakListOptions(selected))
		lister := factory.Core().V1().ConfigMaps().Lister()
		enqueue := func(object any) {
			if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
				queue.Add(key)
			}
		}
		_, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) }})
		t.Must("handler", err)
		factory.Start(t.Ctx.Done())
		factory.WaitForCacheSync(t.Ctx.Done())
		go func() {
			for {
				key, stop := queue.Get()
				if stop {
					return
				}
				_, name, _ := cache.SplitMetaNamespaceKey(key)
				if object, err := lister.ConfigMaps(c.namespace).Get(name); err == nil && object.Data["done"] == "" {
					object = object.DeepCopy()
					object.Data = map[string]string{"done": "yes"}
					if _, err := maps.Update(t.Ctx, object, update); err != nil {
						queue.AddRateLimited(key)
					}
				}
				queue.Done(key)
			}
		}()
		t.Eventually("all are done", func() bool {
			found, _ := lister.List(labels.Everything())
			for _, object := range found {
				if object.Data["done"] != "yes" {
					return false
				}
			}
			return len(found) == 7
		})
	})
}
