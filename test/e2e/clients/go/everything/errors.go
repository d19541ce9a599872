package main

import (
	"errors"
	"strings"
	"sync"

	"brume.dev/brume/test/e2e/clients/go/check"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func errorsOf(c *clients) {
	maps := c.kube.CoreV1().ConfigMaps(c.namespace)
	c.run("errors are told apart: exists, not found, invalid with causes", func(t *check.T) {
		_, err := maps.Create(t.Ctx, configMap("twice", nil), create)
		t.Must("create", err)
		_, err = maps.Create(t.Ctx, configMap("twice", nil), create)
		t.ErrorIs("again", err, apierrors.IsAlreadyExists)
		t.Equal("its words", err.Error(), `configmaps "twice" already exists`)
		_, err = maps.Get(t.Ctx, "missing", get)
		t.ErrorIs("missing", err, apierrors.IsNotFound)
		t.Equal("its words", err.Error(), `configmaps "missing" not found`)
		details := statusOf(t, err).Details
		t.Equal("its details", [2]string{details.Name, details.Kind}, [2]string{"missing", "configmaps"})
		_, err = c.kube.AppsV1().Deployments(c.namespace).Create(t.Ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "Bad_Name"}}, create)
		t.ErrorIs("invalid", err, apierrors.IsInvalid)
		fields := map[string]metav1.CauseType{}
		for _, cause := range statusOf(t, err).Details.Causes {
			fields[cause.Field] = cause.Type
		}
		t.Equal("metadata.name", fields["metadata.name"], metav1.CauseTypeFieldValueInvalid)
		t.Equal("spec.selector", fields["spec.selector"], metav1.CauseTypeFieldValueRequired)
		t.Equal("containers", fields["spec.template.spec.containers"], metav1.CauseTypeFieldValueRequired)
		_, err = c.kube.CoreV1().ConfigMaps("no-such-namespace").Create(t.Ctx, configMap("lost", nil), create)
		t.ErrorIs("no such namespace", err, apierrors.IsNotFound)
		t.Contains("its words", err.Error(), `namespaces "no-such-namespace" not found`)
		mismatch := configMap("elsewhere", nil)
		mismatch.Namespace = "other"
		_, err = maps.Create(t.Ctx, mismatch, create)
		t.ErrorIs("another namespace", err, apierrors.IsBadRequest)
	})
	c.run("errors are told apart: methods, types, sizes, credentials, rights", func(t *check.T) {
		core := c.kube.CoreV1().RESTClient()
		err := core.Put().Resource("nodes").Body(&corev1.Node{}).Do(t.Ctx).Error()
		t.ErrorIs("a method that is not there", err, apierrors.IsMethodNotSupported)
		err = core.Get().Resource("nodes").SetHeader("Accept", "application/xml").Do(t.Ctx).Error()
		t.ErrorIs("a type that nobody speaks", err, apierrors.IsNotAcceptable)
		_, err = maps.Patch(t.Ctx, "twice", types.PatchType("application/xml"), []byte(`{}`), metav1.PatchOptions{})
		t.ErrorIs("a patch that nobody knows", err, apierrors.IsUnsupportedMediaType)
		huge := configMap("huge", map[string]string{"a": strings.Repeat("x", 4<<20)})
		_, err = maps.Create(t.Ctx, huge, create)
		t.ErrorIs("too much", err, apierrors.IsRequestEntityTooLargeError)
		stranger := rest.AnonymousClientConfig(c.config)
		stranger.BearerToken = "not-a-token"
		_, err = kubernetes.NewForConfigOrDie(stranger).CoreV1().Pods(c.namespace).List(t.Ctx, list)
		t.ErrorIs("a bad token", err, apierrors.IsUnauthorized)
		stranger.BearerToken = ""
		_, err = kubernetes.NewForConfigOrDie(stranger).CoreV1().Pods(c.namespace).List(t.Ctx, list)
		t.ErrorIs("anonymous", err, apierrors.IsForbidden)
		t.Equal("its words", err.Error(), `pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "`+c.namespace+`"`)
	})
	c.run("a delay that the server asks for is told", func(t *check.T) {
		budgets, all := c.kube.PolicyV1().PodDisruptionBudgets(c.namespace), c.kube.CoreV1().Pods(c.namespace)
		made, err := all.Create(t.Ctx, pod("delayed"), create)
		t.Must("create", err)
		made.Status.Phase = corev1.PodRunning
		_, err = all.UpdateStatus(t.Ctx, made, update)
		t.Must("status", err)
		_, err = budgets.Create(t.Ctx, budget("delayed"), create)
		t.Must("budget", err)
		err = c.kube.CoreV1().RESTClient().Post().MaxRetries(0).Namespace(c.namespace).Resource("pods").Name("delayed").SubResource("eviction").
			Body([]byte(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"delayed"}}`)).SetHeader("Content-Type", "application/json").Do(t.Ctx).Error()
		t.ErrorIs("evict", err, apierrors.IsTooManyRequests)
		if !apierrors.HasStatusCause(err, "DisruptionBudget") || strings.Contains(err.Error(), "processed") {
			seconds, asked := apierrors.SuggestsClientDelay(err)
			t.True("a delay of 10 seconds", asked && seconds == 10)
		}
		t.Must("delete budget", budgets.Delete(t.Ctx, "delayed", remove))
		t.Must("delete", ignoreNotFound(all.Delete(t.Ctx, "delayed", now)))
	})
	c.run("field validation and warnings reach the client", func(t *check.T) {
		warnings := &collector{}
		config := rest.CopyConfig(c.config)
		config.WarningHandler = warnings
		config.ContentType = "application/json"
		client := kubernetes.NewForConfigOrDie(config)
		send := func(name, mode string) error {
			body := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"},"dta":{"a":"b"}}`
			return client.CoreV1().RESTClient().Post().Namespace(c.namespace).Resource("configmaps").Param("fieldValidation", mode).Body([]byte(body)).Do(t.Ctx).Error()
		}
		err := send("strict", "Strict")
		t.ErrorIs("strict", err, apierrors.IsBadRequest)
		t.Contains("its words", err.Error(), `unknown field "dta"`)
		t.Must("warn", send("warn", "Warn"))
		t.Equal("the warning", warnings.all(), []string{`unknown field "dta"`})
		t.Must("ignore", send("ignore", "Ignore"))
		t.Equal("no more warnings", len(warnings.all()), 1)
	})
}

type collector struct {
	lock  sync.Mutex
	texts []string
}

func (c *collector) HandleWarningHeader(code int, agent, text string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.texts = append(c.texts, text)
}

func (c *collector) all() []string {
	c.lock.Lock()
	defer c.lock.Unlock()
	return append([]string{}, c.texts...)
}

func statusOf(t *check.T, err error) metav1.Status {
	var status apierrors.APIStatus
	t.True("an error of the API", errors.As(err, &status))
	t.True("with details", status.Status().Details != nil)
	return status.Status()
}
