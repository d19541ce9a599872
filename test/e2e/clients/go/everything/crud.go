package main

import (
	"bytes"
	"context"

	"brume.dev/brume/test/e2e/clients/go/check"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
)

var (
	create = metav1.CreateOptions{}
	get    = metav1.GetOptions{}
	update = metav1.UpdateOptions{}
	list   = metav1.ListOptions{}
	remove = metav1.DeleteOptions{}
	now    = metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}
)

func (c *clients) run(name string, body func(t *check.T)) {
	check.Run(c.label+": "+name, body)
}

// namespaces makes the namespace of all further checks.
func namespaces(c *clients) {
	c.run("a namespace is created and gets its service account", func(t *check.T) {
		made, err := c.kube.CoreV1().Namespaces().Create(t.Ctx, &corev1.Namespace{ObjectMeta: named(c.namespace)}, create)
		t.Must("create", err)
		t.Equal("its finalizers", made.Spec.Finalizers, []corev1.FinalizerName{corev1.FinalizerKubernetes})
		t.Equal("its name as a label", made.Labels["kubernetes.io/metadata.name"], c.namespace)
		t.Eventually("the default service account", func() bool {
			_, err := c.kube.CoreV1().ServiceAccounts(c.namespace).Get(t.Ctx, "default", get)
			return err == nil
		})
	})
	c.run("a namespace is deleted with what is in it", func(t *check.T) {
		name := c.namespace + "-gone"
		_, err := c.kube.CoreV1().Namespaces().Create(t.Ctx, &corev1.Namespace{ObjectMeta: named(name)}, create)
		t.Must("create", err)
		_, err = c.kube.CoreV1().ConfigMaps(name).Create(t.Ctx, configMap("inside", nil), create)
		t.Must("create inside", err)
		t.Must("delete", c.kube.CoreV1().Namespaces().Delete(t.Ctx, name, remove))
		t.Eventually("its end", func() bool {
			_, err := c.kube.CoreV1().Namespaces().Get(t.Ctx, name, get)
			return apierrors.IsNotFound(err)
		})
	})
}

func crud(c *clients) {
	c.run("ConfigMaps: text, bytes, conflicts, immutability", func(t *check.T) {
		maps := c.kube.CoreV1().ConfigMaps(c.namespace)
		binary := []byte{0, 1, 2, 0xff, 0xfe}
		wanted := configMap("texts", map[string]string{"a": "ä\n<&>\u2028", "empty": ""})
		wanted.BinaryData = map[string][]byte{"b": binary}
		made, err := maps.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		t.True("uid, resourceVersion and time are there", made.UID != "" && made.ResourceVersion != "" && !made.CreationTimestamp.IsZero())
		read, err := maps.Get(t.Ctx, "texts", get)
		t.Must("get", err)
		t.Equal("what was created", read, made)
		t.Equal("its text", read.Data, wanted.Data)
		t.True("its bytes", bytes.Equal(read.BinaryData["b"], binary))
		read.Data["a"] = "changed"
		changed, err := maps.Update(t.Ctx, read, update)
		t.Must("update", err)
		t.True("a new resourceVersion", changed.ResourceVersion != made.ResourceVersion)
		made.Data["a"] = "too late"
		_, err = maps.Update(t.Ctx, made, update)
		t.ErrorIs("an update of an old version", err, apierrors.IsConflict)
		t.Must("retry on conflict", retry.RetryOnConflict(retry.DefaultRetry, func() error {
			fresh, err := maps.Get(t.Ctx, "texts", get)
			if err != nil {
				return err
			}
			fresh.Immutable = ptr.To(true)
			_, err = maps.Update(t.Ctx, fresh, update)
			return err
		}))
		fresh, err := maps.Get(t.Ctx, "texts", get)
		t.Must("get", err)
		fresh.Data["a"] = "never"
		_, err = maps.Update(t.Ctx, fresh, update)
		t.ErrorIs("an update of an immutable one", err, apierrors.IsInvalid)
		t.Must("delete", maps.Delete(t.Ctx, "texts", remove))
		_, err = maps.Get(t.Ctx, "texts", get)
		t.ErrorIs("get after delete", err, apierrors.IsNotFound)
	})
	c.run("Secrets: stringData becomes data", func(t *check.T) {
		secrets := c.kube.CoreV1().Secrets(c.namespace)
		made, err := secrets.Create(t.Ctx, &corev1.Secret{
			ObjectMeta: named("words"),
			StringData: map[string]string{"user": "ada"},
			Data:       map[string][]byte{"password": []byte("p\x00w")},
		}, create)
		t.Must("create", err)
		t.Equal("type", made.Type, corev1.SecretTypeOpaque)
		t.Equal("stringData", len(made.StringData), 0)
		t.Equal("data", made.Data, map[string][]byte{"user": []byte("ada"), "password": []byte("p\x00w")})
		_, err = secrets.Create(t.Ctx, &corev1.Secret{ObjectMeta: named("bad"), Type: corev1.SecretTypeTLS}, create)
		t.ErrorIs("a TLS secret without its keys", err, apierrors.IsInvalid)
	})
	c.run("Services: addresses and node ports are handed out and kept", func(t *check.T) {
		services := c.kube.CoreV1().Services(c.namespace)
		made, err := services.Create(t.Ctx, service("web"), create)
		t.Must("create", err)
		t.True("an address", made.Spec.ClusterIP != "" && made.Spec.ClusterIPs[0] == made.Spec.ClusterIP)
		t.Equal("target port", made.Spec.Ports[0].TargetPort.String(), "http")
		made.Spec.Type = corev1.ServiceTypeNodePort
		changed, err := services.Update(t.Ctx, made, update)
		t.Must("update", err)
		t.Equal("address", changed.Spec.ClusterIP, made.Spec.ClusterIP)
		t.True("a node port", changed.Spec.Ports[0].NodePort >= 30000)
		clash := service("clash")
		clash.Spec.ClusterIP = made.Spec.ClusterIP
		_, err = services.Create(t.Ctx, clash, create)
		t.ErrorIs("a taken address", err, apierrors.IsInvalid)
		changed.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
		t.Must("delete", services.Delete(t.Ctx, "web", remove))
	})
	c.run("Deployments: defaults, generation, status, scale", func(t *check.T) {
		deployments := c.kube.AppsV1().Deployments(c.namespace)
		made, err := deployments.Create(t.Ctx, deployment("web"), create)
		t.Must("create", err)
		t.Equal("replicas", *made.Spec.Replicas, int32(1))
		t.Equal("max surge", made.Spec.Strategy.RollingUpdate.MaxSurge.String(), "25%")
		t.Equal("generation", made.Generation, int64(1))
		scale, err := deployments.GetScale(t.Ctx, "web", get)
		t.Must("get scale", err)
		t.Equal("selector of the scale", scale.Status.Selector, "app=web")
		scale.Spec.Replicas = 3
		scale.ResourceVersion = "" // The controller writes too.
		scaled, err := deployments.UpdateScale(t.Ctx, "web", scale, update)
		t.Must("update scale", err)
		t.Equal("replicas of the scale", scaled.Spec.Replicas, int32(3))
		fresh, err := deployments.Get(t.Ctx, "web", get)
		t.Must("get", err)
		t.Equal("replicas after", *fresh.Spec.Replicas, int32(3))
		t.Equal("generation after", fresh.Generation, int64(2))
		t.Must("update status", retry.RetryOnConflict(retry.DefaultRetry, func() error {
			fresh, err := deployments.Get(t.Ctx, "web", get)
			if err != nil {
				return err
			}
			fresh.Spec.Paused = true
			fresh.Status.Replicas = 2
			after, err := deployments.UpdateStatus(t.Ctx, fresh, update)
			if err == nil {
				t.True("the status subresource leaves the spec", !after.Spec.Paused)
			}
			return err
		}))
		t.Must("delete", deployments.Delete(t.Ctx, "web", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationForeground)}))
		t.Eventually("its end", func() bool {
			_, err := deployments.Get(t.Ctx, "web", get)
			return apierrors.IsNotFound(err)
		})
	})
	c.run("Jobs: suspended, selected by their own labels, orphaned", func(t *check.T) {
		jobs := c.kube.BatchV1().Jobs(c.namespace)
		wanted := job("sums")
		wanted.Spec.Suspend = ptr.To(true)
		wanted.Spec.Completions = ptr.To[int32](2)
		wanted.Spec.CompletionMode = ptr.To(batchv1.IndexedCompletion)
		made, err := jobs.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		t.Equal("the label of the pods", made.Spec.Template.Labels["batch.kubernetes.io/job-name"], "sums")
		t.Equal("the selector", made.Spec.Selector.MatchLabels["batch.kubernetes.io/controller-uid"], string(made.UID))
		t.Must("delete", jobs.Delete(t.Ctx, "sums", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}))
	})
	c.run("preconditions, dry runs and collections of deletions", func(t *check.T) {
		maps := c.kube.CoreV1().ConfigMaps(c.namespace)
		made, err := maps.Create(t.Ctx, configMap("kept", nil), create)
		t.Must("create", err)
		err = maps.Delete(t.Ctx, "kept", *metav1.NewPreconditionDeleteOptions("not-the-uid"))
		t.ErrorIs("another uid", err, apierrors.IsConflict)
		old := metav1.NewRVDeletionPrecondition("1")
		err = maps.Delete(t.Ctx, "kept", *old)
		t.ErrorIs("another resourceVersion", err, apierrors.IsConflict)
		t.Must("dry run", maps.Delete(t.Ctx, "kept", metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}))
		_, err = maps.Create(t.Ctx, configMap("never", nil), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		t.Must("dry create", err)
		_, err = maps.Get(t.Ctx, "never", get)
		t.ErrorIs("what a dry run made", err, apierrors.IsNotFound)
		uid := made.UID
		t.Must("delete", maps.Delete(t.Ctx, "kept", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}))
		for _, name := range []string{"many-1", "many-2", "other"} {
			wanted := configMap(name, nil)
			wanted.Labels = map[string]string{"set": name[:4]}
			_, err := maps.Create(t.Ctx, wanted, create)
			t.Must("create", err)
		}
		t.Must("delete collection", maps.DeleteCollection(t.Ctx, remove, metav1.ListOptions{LabelSelector: "set=many"}))
		left, err := maps.List(t.Ctx, metav1.ListOptions{LabelSelector: "set"})
		t.Must("list", err)
		t.Equal("what is left", len(left.Items), 1)
	})
	c.run("finalizers hold an object until they are gone", func(t *check.T) {
		maps := c.kube.CoreV1().ConfigMaps(c.namespace)
		wanted := configMap("held", nil)
		wanted.Finalizers = []string{"test.brume.dev/hold"}
		_, err := maps.Create(t.Ctx, wanted, create)
		t.Must("create", err)
		t.Must("delete", maps.Delete(t.Ctx, "held", remove))
		held, err := maps.Get(t.Ctx, "held", get)
		t.Must("get", err)
		t.True("a deletion timestamp", held.DeletionTimestamp != nil && *held.DeletionGracePeriodSeconds == 0)
		_, err = maps.Patch(t.Ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		t.Must("patch", err)
		_, err = maps.Get(context.WithoutCancel(t.Ctx), "held", get)
		t.ErrorIs("after its finalizer", err, apierrors.IsNotFound)
	})
}
