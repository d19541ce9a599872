package main

import (
	"brume.dev/brume/test/e2e/clients/go/check"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
)

var deploymentsResource = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}

func untyped(apiVersion, kind, name string, more map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: more}
	if object.Object == nil {
		object.Object = map[string]any{}
	}
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	object.SetName(name)
	return object
}

func dynamicOf(c *clients) {
	c.run("the dynamic client: every verb, whole numbers stay whole", func(t *check.T) {
		deployments := c.dynamic.Resource(deploymentsResource).Namespace(c.namespace)
		wanted := untyped("apps/v1", "Deployment", "fluid", map[string]any{"spec": map[string]any{
			"replicas": int64(2),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "fluid"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "fluid"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "registry.test/app:1"}}},
			},
		}})
		made, err := deployments.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		replicas, _, err := unstructured.NestedInt64(made.Object, "spec", "replicas")
		t.Must("replicas", err)
		t.Equal("replicas", replicas, int64(2))
		events, err := deployments.Watch(t.Ctx, metav1.ListOptions{ResourceVersion: made.GetResourceVersion(), FieldSelector: "metadata.name=fluid"})
		t.Must("watch", err)
		defer events.Stop()
		patched, err := deployments.Patch(t.Ctx, "fluid", types.MergePatchType, []byte(`{"metadata":{"annotations":{"x":"y"}}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		t.Equal("event", check.Next(t, "event", events.ResultChan()).Type, watch.Modified)
		t.Equal("annotation", patched.GetAnnotations()["x"], "y")
		applied, err := deployments.Apply(t.Ctx, "fluid", untyped("apps/v1", "Deployment", "fluid", map[string]any{"spec": map[string]any{"paused": true}}), metav1.ApplyOptions{FieldManager: "fluid"})
		t.Must("apply", err)
		paused, _, _ := unstructured.NestedBool(applied.Object, "spec", "paused")
		t.True("paused", paused)
		page, err := deployments.List(t.Ctx, metav1.ListOptions{LabelSelector: "none=such"})
		t.Must("list", err)
		t.Equal("kind of the list", page.GetKind(), "DeploymentList")
		t.Equal("items", len(page.Items), 0)
		_, err = deployments.Get(t.Ctx, "fluid", get, "scale")
		t.Must("scale", err)
		_, err = deployments.UpdateStatus(t.Ctx, applied, update)
		if !apierrors.IsConflict(err) {
			t.Must("status", err)
		}
		_, err = c.dynamic.Resource(schema.GroupVersionResource{Group: "none.test", Version: "v1", Resource: "things"}).List(t.Ctx, list)
		t.ErrorIs("no such resource", err, apierrors.IsNotFound)
	})
	c.run("the scale client scales what it finds through discovery", func(t *check.T) {
		mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.discovery))
		scales, err := scale.NewForConfig(c.config, mapper, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(c.discovery))
		t.Must("client", err)
		group := schema.GroupResource{Group: "apps", Resource: "deployments"}
		found, err := scales.Scales(c.namespace).Get(t.Ctx, group, "fluid", get)
		t.Must("get", err)
		t.Equal("replicas", found.Spec.Replicas, int32(2))
		found.Spec.Replicas = 0
		found.ResourceVersion = "" // The controller writes too.
		after, err := scales.Scales(c.namespace).Update(t.Ctx, group, found, update)
		t.Must("update", err)
		t.Equal("replicas", after.Spec.Replicas, int32(0))
		after, err = scales.Scales(c.namespace).Patch(t.Ctx, deploymentsResource, "fluid", types.MergePatchType, []byte(`{"spec":{"replicas":1}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		t.Equal("replicas", after.Spec.Replicas, int32(1))
	})
	c.run("the metadata client: get, list, watch, patch, delete", func(t *check.T) {
		partial := c.metadata.Resource(deploymentsResource).Namespace(c.namespace)
		found, err := partial.Get(t.Ctx, "fluid", get)
		t.Must("get", err)
		t.Equal("annotation", found.Annotations["x"], "y")
		all, err := partial.List(t.Ctx, metav1.ListOptions{Limit: 1})
		t.Must("list", err)
		t.Equal("items", len(all.Items), 1)
		t.True("its version", all.ResourceVersion != "")
		events, err := partial.Watch(t.Ctx, metav1.ListOptions{FieldSelector: "metadata.name=fluid"})
		t.Must("watch", err)
		defer events.Stop()
		event := check.Next(t, "event", events.ResultChan())
		_, isPartial := event.Object.(*metav1.PartialObjectMetadata)
		t.True("metadata only", event.Type == watch.Added && isPartial)
		_, err = partial.Patch(t.Ctx, "fluid", types.MergePatchType, []byte(`{"metadata":{"labels":{"p":"q"}}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		t.Must("delete", partial.Delete(t.Ctx, "fluid", remove))
		_, err = partial.Get(t.Ctx, "fluid", get)
		t.ErrorIs("after", err, apierrors.IsNotFound)
		t.Must("delete collection", partial.DeleteCollection(t.Ctx, remove, metav1.ListOptions{LabelSelector: "none=such"}))
	})
}
