package main

import (
	"encoding/json"

	"brume.dev/brume/test/e2e/clients/go/check"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
)

var gardens = schema.GroupVersionResource{Group: "test.brume.dev", Version: "v1", Resource: "gardens"}

func gardenDefinition() *apiextensionsv1.CustomResourceDefinition {
	text, number := apiextensionsv1.JSONSchemaProps{Type: "string"}, apiextensionsv1.JSONSchemaProps{Type: "integer", Minimum: ptr.To(0.0), Maximum: ptr.To(10.0)}
	number.Default = &apiextensionsv1.JSON{Raw: []byte("1")}
	beds := apiextensionsv1.JSONSchemaProps{
		Type: "array", XListType: ptr.To("map"), XListMapKeys: []string{"name"},
		Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{
			Type: "object", Required: []string{"name"}, Properties: map[string]apiextensionsv1.JSONSchemaProps{"name": text, "plants": number},
		}},
	}
	spec := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"replicas": number, "beds": beds}}
	status := apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"replicas": number, "selector": text}}
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "gardens.test.brume.dev"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: gardens.Group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "gardens", Singular: "garden", Kind: "Garden", ShortNames: []string{"gdn"}},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": spec, "status": status},
				}},
				Subresources: &apiextensionsv1.CustomResourceSubresources{
					Status: &apiextensionsv1.CustomResourceSubresourceStatus{},
					Scale:  &apiextensionsv1.CustomResourceSubresourceScale{SpecReplicasPath: ".spec.replicas", StatusReplicasPath: ".status.replicas", LabelSelectorPath: ptr.To(".status.selector")},
				},
				AdditionalPrinterColumns: []apiextensionsv1.CustomResourceColumnDefinition{{Name: "Replicas", Type: "integer", JSONPath: ".spec.replicas"}},
			}},
		},
	}
}

func customResources(c *clients) {
	definitions := c.apiextensions.ApiextensionsV1().CustomResourceDefinitions()
	c.run("a definition made in "+c.label+" is established and discovered", func(t *check.T) {
		made, err := definitions.Create(t.Ctx, gardenDefinition(), create)
		t.Must("create", err)
		t.Equal("list kind", made.Spec.Names.ListKind, "GardenList")
		t.Eventually("established", func() bool {
			found, err := definitions.Get(t.Ctx, made.Name, get)
			t.Must("get", err)
			for _, condition := range found.Status.Conditions {
				if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
					before, _ := json.Marshal(gardenDefinition().Spec.Versions[0].Schema)
					after, _ := json.Marshal(found.Spec.Versions[0].Schema)
					t.Equal("its schema", string(after), string(before))
					return true
				}
			}
			return false
		})
		resources, err := c.discovery.ServerResourcesForGroupVersion("test.brume.dev/v1")
		t.Must("discovery", err)
		t.Equal("with subresources", len(resources.APIResources), 3)
	})
	c.run("custom objects: defaults, rules, apply, status, scale, watch, metadata", func(t *check.T) {
		objects := c.dynamic.Resource(gardens).Namespace(c.namespace)
		made, err := objects.Create(t.Ctx, untyped("test.brume.dev/v1", "Garden", "roof", map[string]any{"spec": map[string]any{"beds": []any{map[string]any{"name": "a"}}}}), create)
		t.Must("create", err)
		replicas, _, _ := unstructured.NestedInt64(made.Object, "spec", "replicas")
		t.Equal("the default", replicas, int64(1))
		events, err := objects.Watch(t.Ctx, metav1.ListOptions{ResourceVersion: made.GetResourceVersion()})
		t.Must("watch", err)
		defer events.Stop()
		_, err = objects.Patch(t.Ctx, "roof", types.MergePatchType, []byte(`{"spec":{"replicas":11}}`), metav1.PatchOptions{})
		t.ErrorIs("too many", err, apierrors.IsInvalid)
		t.Contains("its words", err.Error(), "spec.replicas in body should be less than or equal to 10")
		applied, err := objects.Apply(t.Ctx, "roof", untyped("test.brume.dev/v1", "Garden", "roof", map[string]any{"spec": map[string]any{"beds": []any{map[string]any{"name": "b", "plants": int64(4)}}}}), metav1.ApplyOptions{FieldManager: "go"})
		t.Must("apply", err)
		beds, _, _ := unstructured.NestedSlice(applied.Object, "spec", "beds")
		t.Equal("merged by name", len(beds), 2)
		t.Equal("event", check.Next(t, "event", events.ResultChan()).Type, watch.Modified)
		t.Must("set status", unstructured.SetNestedMap(applied.Object, map[string]any{"replicas": int64(1), "selector": "garden=roof"}, "status"))
		t.Must("set spec", unstructured.SetNestedField(applied.Object, int64(9), "spec", "replicas"))
		after, err := objects.UpdateStatus(t.Ctx, applied, update)
		t.Must("status", err)
		replicas, _, _ = unstructured.NestedInt64(after.Object, "spec", "replicas")
		t.Equal("spec is left", replicas, int64(1))
		scale, err := objects.Get(t.Ctx, "roof", get, "scale")
		t.Must("scale", err)
		t.Equal("kind", scale.GetKind(), "Scale")
		chosen, _, _ := unstructured.NestedString(scale.Object, "status", "selector")
		t.Equal("selector", chosen, "garden=roof")
		partial, err := c.metadata.Resource(gardens).Namespace(c.namespace).List(t.Ctx, list)
		t.Must("metadata", err)
		t.Equal("items", len(partial.Items), 1)
		held := untyped("test.brume.dev/v1", "Garden", "held", nil)
		held.SetFinalizers([]string{"test.brume.dev/hold"})
		_, err = objects.Create(t.Ctx, held, create)
		t.Must("create", err)
	})
	c.run("deleting a definition deletes its objects first", func(t *check.T) {
		t.Must("delete", definitions.Delete(t.Ctx, "gardens.test.brume.dev", remove))
		objects := c.dynamic.Resource(gardens).Namespace(c.namespace)
		t.Eventually("the held object is terminating", func() bool {
			held, err := objects.Get(t.Ctx, "held", get)
			t.Must("get", err)
			return held.GetDeletionTimestamp() != nil
		})
		_, err := objects.Patch(t.Ctx, "held", types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`), metav1.PatchOptions{})
		t.Must("let go", err)
		t.Eventually("its end", func() bool {
			_, err := definitions.Get(t.Ctx, "gardens.test.brume.dev", get)
			return apierrors.IsNotFound(err)
		})
		_, err = objects.List(t.Ctx, list)
		t.ErrorIs("after", err, apierrors.IsNotFound)
	})
}
