// Everything of client-go that programs of the ecosystem use, against the control plane of the kubeconfig in $KUBECONFIG.
package main

import (
	"os"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const protobufType = "application/vnd.kubernetes.protobuf"

// clients of one content type with a namespace of their own.
type clients struct {
	config        *rest.Config
	kube          *kubernetes.Clientset
	apiextensions *apiextensions.Clientset
	dynamic       *dynamic.DynamicClient
	metadata      metadata.Interface
	discovery     *discovery.DiscoveryClient
	label         string
	namespace     string
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		panic(err)
	}
	config.QPS = -1
	config.UserAgent = "brume-clients-test"
	asJSON := connect(config, "json", "application/json", "application/json")
	asProtobuf := connect(config, "protobuf", protobufType, protobufType+",application/json")
	for _, c := range []*clients{asProtobuf, asJSON} {
		namespaces(c)
		crud(c)
		roundTrips(c)
		lists(c)
		watches(c)
		patches(c)
		apply(c)
		pods(c)
		errorsOf(c)
	}
	informersOf(asProtobuf)
	dynamicOf(asJSON)
	discoveryOf(asJSON)
	openAPIOf(asJSON)
	customResources(asProtobuf)
	auth(asProtobuf)
	certificatesOf(asProtobuf)
	elections(asProtobuf)
	eventsOf(asProtobuf)
}

func connect(base *rest.Config, label, contentType, accept string) *clients {
	config := rest.CopyConfig(base)
	config.ContentType = contentType
	config.AcceptContentTypes = accept
	plain := rest.CopyConfig(base)
	return &clients{
		config:        config,
		kube:          kubernetes.NewForConfigOrDie(config),
		apiextensions: apiextensions.NewForConfigOrDie(config),
		dynamic:       dynamic.NewForConfigOrDie(plain),
		metadata:      metadata.NewForConfigOrDie(plain),
		discovery:     discovery.NewDiscoveryClientForConfigOrDie(plain),
		label:         label,
		namespace:     "go-" + label,
	}
}
