package main

import (
	"os"
	"path/filepath"
	"time"

	"brume.dev/brume/test/e2e/clients/go/check"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/restmapper"
)

type listOfResources = metav1.APIResourceList

func discoveryOf(c *clients) {
	c.run("discovery: aggregated and one group at a time agree", func(t *check.T) {
		groups, resources, err := c.discovery.ServerGroupsAndResources()
		t.Must("aggregated", err)
		old := discovery.NewDiscoveryClientForConfigOrDie(c.config)
		old.UseLegacyDiscovery = true
		oldGroups, oldResources, err := old.ServerGroupsAndResources()
		t.Must("one at a time", err)
		t.Equal("groups", len(groups), len(oldGroups))
		flat := func(lists []*listOfResources) map[string]bool {
			found := map[string]bool{}
			for _, list := range lists {
				for _, each := range list.APIResources {
					found[list.GroupVersion+"/"+each.Name+"/"+each.Kind+each.Verbs.String()] = true
				}
			}
			return found
		}
		t.Equal("resources", flat(resources), flat(oldResources))
		preferred, err := c.discovery.ServerPreferredNamespacedResources()
		t.Must("preferred", err)
		t.True("some", len(preferred) > 5)
		_, err = c.discovery.ServerResourcesForGroupVersion("apps/v1")
		t.Must("one group", err)
	})
	c.run("the version parses, and supports what client-go asks for", func(t *check.T) {
		info, err := c.discovery.ServerVersion()
		t.Must("version", err)
		parsed, err := version.ParseSemantic(info.GitVersion)
		t.Must("parse", err)
		t.Equal("minor", parsed.Minor(), uint(32))
		t.Must("enabled", discovery.ServerSupportsVersion(c.discovery, schema.GroupVersion{Group: "apps", Version: "v1"}))
	})
	c.run("a REST mapper from the disk cache knows names, kinds and short names", func(t *check.T) {
		folder, err := os.MkdirTemp("", "brume-discovery-")
		t.Must("folder", err)
		t.Cleanup(func() { os.RemoveAll(folder) })
		cached, err := disk.NewCachedDiscoveryClientForConfig(c.config, filepath.Join(folder, "d"), filepath.Join(folder, "h"), time.Minute)
		t.Must("client", err)
		mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached)
		short := restmapper.NewShortcutExpander(mapper, cached, nil)
		for name, kind := range map[string]string{"po": "Pod", "deploy": "Deployment", "sts": "StatefulSet", "pvc": "PersistentVolumeClaim", "netpol": "NetworkPolicy", "crd": "CustomResourceDefinition", "secret": "Secret"} {
			found, err := short.KindFor(schema.GroupVersionResource{Resource: name})
			t.Must(name, err)
			t.Equal(name, found.Kind, kind)
		}
		mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "batch", Kind: "CronJob"}, "v1")
		t.Must("mapping", err)
		t.Equal("resource", mapping.Resource.Resource, "cronjobs")
		t.Equal("scope", mapping.Scope.Name(), meta.RESTScopeNameNamespace)
		again, err := disk.NewCachedDiscoveryClientForConfig(c.config, filepath.Join(folder, "d"), filepath.Join(folder, "h"), time.Minute)
		t.Must("client", err)
		_, _, err = again.ServerGroupsAndResources()
		t.Must("from disk", err)
		again.Invalidate()
		_, _, err = again.ServerGroupsAndResources()
		t.Must("invalidated", err)
	})
	c.run("OpenAPI: v2 parses, v3 has a document for each group", func(t *check.T) {
		document, err := c.discovery.OpenAPISchema()
		t.Must("v2", err)
		t.True("definitions", len(document.Definitions.AdditionalProperties) > 400)
		paths, err := c.discovery.OpenAPIV3().Paths()
		t.Must("v3", err)
		for _, path := range []string{"api/v1", "apis/apps/v1", "apis/apiextensions.k8s.io/v1"} {
			t.True(path, paths[path] != nil)
			bytes, err := paths[path].Schema("application/json")
			t.Must(path, err)
			t.True("text", len(bytes) > 1000)
		}
	})
}
