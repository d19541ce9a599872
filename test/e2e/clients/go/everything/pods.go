package main

import (
	"bytes"
	"errors"

	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
)

func pods(c *clients) {
	all := c.kube.CoreV1().Pods(c.namespace)
	c.run("Pods: generated names, defaults, status, binding, graceful deletion", func(t *check.T) {
		wanted := pod("")
		wanted.GenerateName = "made-"
		made, err := all.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		t.True("a generated name", len(made.Name) == len("made-")+5)
		t.Equal("service account", made.Spec.ServiceAccountName, "default")
		t.Equal("its class", made.Status.QOSClass, corev1.PodQOSBurstable)
		t.Equal("memory", made.Spec.Containers[0].Resources.Requests.Memory().String(), "64Mi")
		t.Must("bind", all.Bind(t.Ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: made.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "far-away"}}, create))
		err = all.Bind(t.Ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: made.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "other"}}, create)
		t.ErrorIs("bind twice", err, apierrors.IsConflict)
		bound, err := all.Get(t.Ctx, made.Name, get)
		t.Must("get", err)
		t.Equal("node", bound.Spec.NodeName, "far-away")
		bound.Status.Phase = corev1.PodRunning
		bound.Status.PodIP, bound.Status.PodIPs = "10.9.8.7", []corev1.PodIP{{IP: "10.9.8.7"}}
		running, err := all.UpdateStatus(t.Ctx, bound, update)
		t.Must("status", err)
		t.Equal("phase", running.Status.Phase, corev1.PodRunning)
		found, err := all.List(t.Ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=far-away,status.phase=Running"})
		t.Must("list of a node", err)
		t.Equal("how many", len(found.Items), 1)
		t.Must("delete", all.Delete(t.Ctx, made.Name, remove))
		going, err := all.Get(t.Ctx, made.Name, get)
		t.Must("get of what is going", err)
		t.Equal("grace", *going.DeletionGracePeriodSeconds, int64(30))
		t.Must("delete now", all.Delete(t.Ctx, made.Name, now))
		_, err = all.Get(t.Ctx, made.Name, get)
		t.ErrorIs("after", err, apierrors.IsNotFound)
	})
	c.run("Pods: ephemeral containers and resize", func(t *check.T) {
		made, err := all.Create(t.Ctx, pod("debugged"), create)
		t.Must("create", err)
		made.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "shell", Image: "registry.test/shell:1"}}}
		debugged, err := all.UpdateEphemeralContainers(t.Ctx, "debugged", made, update)
		t.Must("ephemeral container", err)
		t.Equal("ephemeral containers", len(debugged.Spec.EphemeralContainers), 1)
		_, err = all.Update(t.Ctx, made, update)
		t.ErrorIs("a change of the spec", err, func(err error) bool { return apierrors.IsInvalid(err) || apierrors.IsConflict(err) })
		fresh, err := all.Get(t.Ctx, "debugged", get)
		t.Must("get", err)
		fresh.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("500m")
		_, err = all.Update(t.Ctx, fresh, update)
		t.ErrorIs("a change of resources", err, apierrors.IsInvalid)
		t.Must("delete", all.Delete(t.Ctx, "debugged", now))
	})
	c.run("evictions are refused while a budget says so", func(t *check.T) {
		wanted := pod("guarded")
		made, err := all.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		made.Status.Phase = corev1.PodRunning
		made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		_, err = all.UpdateStatus(t.Ctx, made, update)
		t.Must("status", err)
		budgets := c.kube.PolicyV1().PodDisruptionBudgets(c.namespace)
		made2, err := budgets.Create(t.Ctx, budget("guarded"), create)
		t.Must("budget", err)
		made2.Status.ObservedGeneration = made2.Generation
		made2.Status.CurrentHealthy, made2.Status.DesiredHealthy, made2.Status.ExpectedPods = 1, 1, 1
		_, err = budgets.UpdateStatus(t.Ctx, made2, update)
		if !apierrors.IsConflict(err) { // A controller was quicker.
			t.Must("status of the budget", err)
		}
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "guarded", Namespace: c.namespace}}
		evict := func() error {
			return c.kube.CoreV1().RESTClient().Post().MaxRetries(0).Namespace(c.namespace).Resource("pods").Name("guarded").SubResource("eviction").Body(eviction).Do(t.Ctx).Error()
		}
		t.Eventually("a refusal for the budget", func() bool {
			err := evict()
			return apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause)
		})
		t.Must("delete budget", budgets.Delete(t.Ctx, "guarded", remove))
		t.Must("evict", c.kube.PolicyV1().Evictions(c.namespace).Evict(t.Ctx, eviction))
		t.Must("delete", ignoreNotFound(all.Delete(t.Ctx, "guarded", now)))
		err = c.kube.PolicyV1().Evictions(c.namespace).Evict(t.Ctx, eviction)
		t.ErrorIs("evict what is gone", err, apierrors.IsNotFound)
	})
	c.run("exec without a node is a clear error, and there are no logs yet", func(t *check.T) {
		_, err := all.Create(t.Ctx, pod("nowhere"), create)
		t.Must("create", err)
		request := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(c.namespace).Name("nowhere").SubResource("exec").
			VersionedParams(&corev1.PodExecOptions{Command: []string{"true"}, Stdout: true}, scheme.ParameterCodec)
		socket, err := remotecommand.NewWebSocketExecutor(c.config, "GET", request.URL().String())
		t.Must("executor", err)
		err = socket.StreamWithContext(t.Ctx, remotecommand.StreamOptions{Stdout: &bytes.Buffer{}})
		t.True("an error over WebSocket", err != nil && err.Error() != "")
		spdy, err := remotecommand.NewSPDYExecutor(c.config, "POST", request.URL())
		t.Must("executor", err)
		err = spdy.StreamWithContext(t.Ctx, remotecommand.StreamOptions{Stdout: &bytes.Buffer{}})
		t.ErrorIs("over SPDY", err, isStatus)
		logs, err := all.GetLogs("nowhere", &corev1.PodLogOptions{}).DoRaw(t.Ctx)
		t.Must("logs", err)
		t.True("no logs", len(logs) == 0)
		t.Must("delete", all.Delete(t.Ctx, "nowhere", now))
		_, err = all.Patch(t.Ctx, "nowhere", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
		t.ErrorIs("after", err, apierrors.IsNotFound)
	})
}

// isStatus says whether the error has a reason and a message of the API.
func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Message != "" && status.Status().Reason != metav1.StatusReasonUnknown
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
