package main

// Many kinds through typed clients: what create answers is what get, list and watch give.

import (
	"brume.dev/brume/test/e2e/clients/go/check"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

type kindName = schema.GroupVersionKind

// sample is one kind: where it lives and an object of it.
type sample struct {
	client   rest.Interface
	resource string
	global   bool
	object   runtime.Object
	list     runtime.Object
}

func samples(c *clients) []sample {
	name := "sample-" + c.label
	core, apps, batch := c.kube.CoreV1().RESTClient(), c.kube.AppsV1().RESTClient(), c.kube.BatchV1().RESTClient()
	network, rbac := c.kube.NetworkingV1().RESTClient(), c.kube.RbacV1().RESTClient()
	stateful := &appsv1.StatefulSet{ObjectMeta: named(name), Spec: appsv1.StatefulSetSpec{
		ServiceName: "db", Selector: selector(name), Template: template(name),
		VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claim()}},
	}}
	cron := &batchv1.CronJob{ObjectMeta: named(name), Spec: batchv1.CronJobSpec{
		Schedule: "*/5 * * * *", Suspend: ptr.To(true), JobTemplate: batchv1.JobTemplateSpec{Spec: job(name).Spec},
	}}
	prefix := networkingv1.PathTypePrefix
	ingress := &networkingv1.Ingress{ObjectMeta: named(name), Spec: networkingv1.IngressSpec{
		Rules: []networkingv1.IngressRule{{Host: "app.test", IngressRuleValue: networkingv1.IngressRuleValue{
			HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &prefix, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
					Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}},
		}}},
	}}
	scaler := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named(name), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
		MaxReplicas:    3,
		Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
			Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To[int32](70)}}}},
	}}
	role := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
	return []sample{
		{core, "pods", false, pod(name), &corev1.PodList{}},
		{core, "configmaps", false, configMap(name, map[string]string{"k": "v"}), &corev1.ConfigMapList{}},
		{core, "services", false, service(name), &corev1.ServiceList{}},
		{core, "persistentvolumeclaims", false, &corev1.PersistentVolumeClaim{ObjectMeta: named(name), Spec: claim()}, &corev1.PersistentVolumeClaimList{}},
		{core, "persistentvolumes", true, &corev1.PersistentVolume{ObjectMeta: named(name), Spec: corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}, AccessModes: claim().AccessModes,
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data"}},
		}}, &corev1.PersistentVolumeList{}},
		{core, "nodes", true, &corev1.Node{ObjectMeta: named(name), Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "k", Value: "v", Effect: corev1.TaintEffectNoSchedule}}}}, &corev1.NodeList{}},
		{core, "limitranges", false, &corev1.LimitRange{ObjectMeta: named(name), Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypePersistentVolumeClaim, Max: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Ti")}}}}}, &corev1.LimitRangeList{}},
		{core, "resourcequotas", false, &corev1.ResourceQuota{ObjectMeta: named(name), Spec: corev1.ResourceQuotaSpec{
			Hard: corev1.ResourceList{"count/leases.coordination.k8s.io": resource.MustParse("1k")}}}, &corev1.ResourceQuotaList{}},
		{apps, "deployments", false, deployment(name), &appsv1.DeploymentList{}},
		{apps, "statefulsets", false, stateful, &appsv1.StatefulSetList{}},
		{apps, "daemonsets", false, &appsv1.DaemonSet{ObjectMeta: named(name), Spec: appsv1.DaemonSetSpec{Selector: selector(name), Template: template(name)}}, &appsv1.DaemonSetList{}},
		{batch, "jobs", false, job(name), &batchv1.JobList{}},
		{batch, "cronjobs", false, cron, &batchv1.CronJobList{}},
		{network, "ingresses", false, ingress, &networkingv1.IngressList{}},
		{network, "networkpolicies", false, &networkingv1.NetworkPolicy{ObjectMeta: named(name), Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *selector(name), Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8"}}}}},
		}}, &networkingv1.NetworkPolicyList{}},
		{rbac, "roles", false, &rbacv1.Role{ObjectMeta: named(name), Rules: role}, &rbacv1.RoleList{}},
		{rbac, "clusterroles", true, &rbacv1.ClusterRole{ObjectMeta: named(name), Rules: role}, &rbacv1.ClusterRoleList{}},
		{rbac, "rolebindings", false, &rbacv1.RoleBinding{ObjectMeta: named(name), RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "view"},
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "default", Namespace: c.namespace}}}, &rbacv1.RoleBindingList{}},
		{c.kube.StorageV1().RESTClient(), "storageclasses", true, &storagev1.StorageClass{ObjectMeta: named(name), Provisioner: "test.brume.dev/none"}, &storagev1.StorageClassList{}},
		{c.kube.SchedulingV1().RESTClient(), "priorityclasses", true, &schedulingv1.PriorityClass{ObjectMeta: named(name), Value: -5}, &schedulingv1.PriorityClassList{}},
		{c.kube.AutoscalingV2().RESTClient(), "horizontalpodautoscalers", false, scaler, &autoscalingv2.HorizontalPodAutoscalerList{}},
		{c.kube.CoordinationV1().RESTClient(), "leases", false, &coordinationv1.Lease{ObjectMeta: named(name), Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("me"), RenewTime: ptr.To(metav1.NowMicro())}}, &coordinationv1.LeaseList{}},
		{c.kube.DiscoveryV1().RESTClient(), "endpointslices", false, &discoveryv1.EndpointSlice{ObjectMeta: named(name), AddressType: discoveryv1.AddressTypeIPv4,
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}}}, Ports: []discoveryv1.EndpointPort{{Name: ptr.To("http"), Port: ptr.To[int32](80)}}}, &discoveryv1.EndpointSliceList{}},
	}
}

func claim() corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}
}

func roundTrips(c *clients) {
	for _, each := range samples(c) {
		c.run("create, get, list, watch and delete of "+each.resource+" agree", func(t *check.T) { roundTrip(t, c, each) })
	}
}

func roundTrip(t *check.T, c *clients, s sample) {
	fresh := func() runtime.Object {
		object, err := scheme.Scheme.New(kindOf(t, s.object))
		t.Must("a new object", err)
		return object
	}
	name := "sample-" + c.label
	made := fresh()
	t.Must("create", s.client.Post().NamespaceIfScoped(c.namespace, !s.global).Resource(s.resource).Body(s.object).Do(t.Ctx).Into(made))
	events, err := s.client.Get().NamespaceIfScoped(c.namespace, !s.global).Resource(s.resource).
		VersionedParams(&metav1.ListOptions{Watch: true, FieldSelector: "metadata.name=" + name}, scheme.ParameterCodec).Watch(t.Ctx)
	t.Must("watch", err)
	defer events.Stop()
	event := check.Next(t, "the event", events.ResultChan())
	t.Equal("the event's type", event.Type, watch.Added)
	read := fresh()
	t.Must("get", s.client.Get().NamespaceIfScoped(c.namespace, !s.global).Resource(s.resource).Name(name).Do(t.Ctx).Into(read))
	// A controller may have written to it since.
	if versionOf(t, read) == versionOf(t, made) {
		same(t, "create and get", made, read)
	}
	if versionOf(t, event.Object) == versionOf(t, read) {
		same(t, "watch and get", event.Object, read)
	}
	t.Must("list", s.client.Get().NamespaceIfScoped(c.namespace, !s.global).Resource(s.resource).
		VersionedParams(&metav1.ListOptions{LabelSelector: "app=" + name}, scheme.ParameterCodec).Do(t.Ctx).Into(s.list))
	items, err := meta.ExtractList(s.list)
	t.Must("items", err)
	t.True("the list has it", len(items) >= 1)
	for _, item := range items {
		if versionOf(t, item) == versionOf(t, read) {
			same(t, "list and get", item, read)
		}
	}
	t.Must("delete", s.client.Delete().NamespaceIfScoped(c.namespace, !s.global).Resource(s.resource).Name(name).Body(&now).Do(t.Ctx).Error())
}

func kindOf(t *check.T, object runtime.Object) (kind kindName) {
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	t.Must("kind", err)
	return kinds[0]
}

func versionOf(t *check.T, object runtime.Object) string {
	accessor, err := meta.Accessor(object)
	t.Must("metadata", err)
	return accessor.GetResourceVersion()
}

// same ignores kind and apiVersion, which typed clients drop in some places only.
func same(t *check.T, what string, a, b runtime.Object) {
	a, b = a.DeepCopyObject(), b.DeepCopyObject()
	a.GetObjectKind().SetGroupVersionKind(kindName{})
	b.GetObjectKind().SetGroupVersionKind(kindName{})
	if !equality.Semantic.DeepEqual(a, b) {
		t.Fail("%s differ:\n%+v\n%+v", what, a, b)
	}
}
