package main

import (
	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	scaleapply "k8s.io/client-go/applyconfigurations/autoscaling/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
)

func apply(c *clients) {
	maps := c.kube.CoreV1().ConfigMaps(c.namespace)
	by := func(manager string, force bool) metav1.ApplyOptions {
		return metav1.ApplyOptions{FieldManager: manager, Force: force}
	}
	c.run("apply creates, owns, conflicts, forces, gives up fields", func(t *check.T) {
		applied, err := maps.Apply(t.Ctx, coreapply.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "1", "b": "1"}), by("one", false))
		t.Must("create", err)
		t.Equal("owner", applied.ManagedFields[0].Manager, "one")
		_, err = maps.Apply(t.Ctx, coreapply.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "2"}), by("two", false))
		t.ErrorIs("another's field", err, apierrors.IsConflict)
		t.True("the conflict has its cause", apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict))
		applied, err = maps.Apply(t.Ctx, coreapply.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "2"}), by("two", true))
		t.Must("forced", err)
		t.Equal("data", applied.Data, map[string]string{"a": "2", "b": "1"})
		mine, err := coreapply.ExtractConfigMap(applied, "two")
		t.Must("extract", err)
		t.Equal("mine", mine.Data, map[string]string{"a": "2"})
		applied, err = maps.Apply(t.Ctx, coreapply.ConfigMap("applied", c.namespace).WithData(map[string]string{}), by("one", false))
		t.Must("give up", err)
		t.Equal("data", applied.Data, map[string]string{"a": "2"})
		dry, err := maps.Apply(t.Ctx, coreapply.ConfigMap("dry", c.namespace), metav1.ApplyOptions{FieldManager: "one", DryRun: []string{metav1.DryRunAll}})
		t.Must("dry run", err)
		t.True("uid of a dry run", dry.UID != "")
		_, err = maps.Get(t.Ctx, "dry", get)
		t.ErrorIs("what a dry run made", err, apierrors.IsNotFound)
	})
	c.run("apply merges lists by their keys, and applies scale", func(t *check.T) {
		deployments := c.kube.AppsV1().Deployments(c.namespace)
		labels := map[string]string{"app": "applied"}
		container := func(name string, ports ...int32) *coreapply.ContainerApplyConfiguration {
			made := coreapply.Container().WithName(name).WithImage("registry.test/" + name + ":1")
			for _, port := range ports {
				made = made.WithPorts(coreapply.ContainerPort().WithContainerPort(port).WithProtocol(corev1.ProtocolTCP))
			}
			return made
		}
		configuration := func(containers ...*coreapply.ContainerApplyConfiguration) *appsapply.DeploymentApplyConfiguration {
			return appsapply.Deployment("applied", c.namespace).WithSpec(appsapply.DeploymentSpec().
				WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).
				WithTemplate(coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().WithContainers(containers...))))
		}
		made, err := deployments.Apply(t.Ctx, configuration(container("main", 80, 81), container("side")), by("one", false))
		t.Must("create", err)
		t.Equal("containers", len(made.Spec.Template.Spec.Containers), 2)
		extracted, err := appsapply.ExtractDeployment(made, "one")
		t.Must("extract", err)
		t.Equal("extracted ports", len(extracted.Spec.Template.Spec.Containers[0].Ports), 2)
		made, err = deployments.Apply(t.Ctx, configuration(container("main", 81)), by("one", false))
		t.Must("less", err)
		t.Equal("containers", len(made.Spec.Template.Spec.Containers), 1)
		t.Equal("ports", made.Spec.Template.Spec.Containers[0].Ports[0].ContainerPort, int32(81))
		scale, err := deployments.ApplyScale(t.Ctx, "applied", scaleapply.Scale().WithName("applied").WithNamespace(c.namespace).WithSpec(scaleapply.ScaleSpec().WithReplicas(2)), by("scaler", false))
		t.Must("scale", err)
		t.Equal("replicas", scale.Spec.Replicas, int32(2))
		t.Must("delete", deployments.Delete(t.Ctx, "applied", remove))
	})
	c.run("apply of a status owns only the status", func(t *check.T) {
		all := c.kube.CoreV1().Pods(c.namespace)
		_, err := all.Create(t.Ctx, pod("applied"), create)
		t.Must("create", err)
		status := coreapply.Pod("applied", c.namespace).WithStatus(coreapply.PodStatus().WithConditions(
			coreapply.PodCondition().WithType("test.brume.dev/Fine").WithStatus(corev1.ConditionTrue)))
		after, err := all.ApplyStatus(t.Ctx, status, by("kubelet", true))
		t.Must("status", err)
		t.True("a condition", len(after.Status.Conditions) >= 1)
		own, err := coreapply.ExtractPodStatus(after, "kubelet")
		t.Must("extract status", err)
		t.Equal("own conditions", len(own.Status.Conditions), 1)
		t.True("no spec", own.Spec == nil)
		t.Must("delete", all.Delete(t.Ctx, "applied", now))
	})
}
