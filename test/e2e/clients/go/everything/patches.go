package main

import (
	"brume.dev/brume/test/e2e/clients/go/check"
	"encoding/json"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

func patches(c *clients) {
	options := metav1.PatchOptions{}
	c.run("strategic, merge and JSON patches", func(t *check.T) {
		deployments := c.kube.AppsV1().Deployments(c.namespace)
		made, err := deployments.Create(t.Ctx, deployment("patched"), create)
		t.Must("create", err)
		wanted := made.DeepCopy()
		wanted.Spec.Template.Spec.Containers[0].Env = append(wanted.Spec.Template.Spec.Containers[0].Env, corev1.EnvVar{Name: "MORE", Value: "1"})
		wanted.Spec.Template.Spec.Containers = append(wanted.Spec.Template.Spec.Containers, corev1.Container{Name: "side", Image: "registry.test/side:1"})
		before, _ := json.Marshal(made)
		after, _ := json.Marshal(wanted)
		diff, err := strategicpatch.CreateTwoWayMergePatch(before, after, made)
		t.Must("diff", err)
		patched, err := deployments.Patch(t.Ctx, "patched", types.StrategicMergePatchType, diff, options)
		t.Must("strategic", err)
		containers := patched.Spec.Template.Spec.Containers
		t.Equal("containers", len(containers), 2)
		t.Equal("order", containers[0].Name, "main")
		t.Equal("env", len(containers[0].Env), 2)
		patched, err = deployments.Patch(t.Ctx, "patched", types.StrategicMergePatchType, []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}}}`), options)
		t.Must("strategic delete", err)
		t.Equal("containers", len(patched.Spec.Template.Spec.Containers), 1)
		patched, err = deployments.Patch(t.Ctx, "patched", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}},"spec":{"replicas":0}}`), options)
		t.Must("merge", err)
		t.Equal("replicas", *patched.Spec.Replicas, int32(0))
		patched, err = deployments.Patch(t.Ctx, "patched", types.JSONPatchType, []byte(`[{"op":"test","path":"/spec/replicas","value":0},{"op":"remove","path":"/metadata/annotations/a"}]`), options)
		t.Must("JSON", err)
		t.Equal("annotations", patched.Annotations["a"], "")
		_, err = deployments.Patch(t.Ctx, "patched", types.JSONPatchType, []byte(`[{"op":"test","path":"/spec/replicas","value":7}]`), options)
		t.ErrorIs("a JSON patch whose test fails", err, apierrors.IsInvalid)
		_, err = deployments.Patch(t.Ctx, "patched", types.MergePatchType, []byte(`{"spec":{"replicas":-1}}`), options)
		t.ErrorIs("an invalid result", err, apierrors.IsInvalid)
		_, err = deployments.Patch(t.Ctx, "patched", types.MergePatchType, []byte(`{`), options)
		t.ErrorIs("a broken patch", err, apierrors.IsBadRequest)
		_, err = deployments.Patch(t.Ctx, "missing", types.MergePatchType, []byte(`{}`), options)
		t.ErrorIs("nothing to patch", err, apierrors.IsNotFound)
		_, err = deployments.Patch(t.Ctx, "patched", types.MergePatchType, []byte(`{"metadata":{"resourceVersion":"1"},"spec":{"paused":true}}`), options)
		t.ErrorIs("an old version", err, apierrors.IsConflict)
	})
	c.run("patches of subresources", func(t *check.T) {
		deployments := c.kube.AppsV1().Deployments(c.namespace)
		scale := &autoscalingv1.Scale{}
		t.Must("scale", c.kube.AppsV1().RESTClient().Patch(types.MergePatchType).Namespace(c.namespace).Resource("deployments").Name("patched").
			SubResource("scale").Body([]byte(`{"spec":{"replicas":4}}`)).Do(t.Ctx).Into(scale))
		t.Equal("replicas of the scale", scale.Spec.Replicas, int32(4))
		fresh, err := deployments.Get(t.Ctx, "patched", get)
		t.Must("get", err)
		t.Equal("replicas", *fresh.Spec.Replicas, int32(4))
		patched, err := deployments.Patch(t.Ctx, "patched", types.MergePatchType, []byte(`{"spec":{"paused":true},"status":{"replicas":4}}`), options, "status")
		t.Must("status", err)
		t.True("spec is left", !patched.Spec.Paused)
		t.Must("delete", deployments.Delete(t.Ctx, "patched", remove))
	})
}
