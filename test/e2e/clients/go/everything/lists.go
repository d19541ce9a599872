package main

import (
	"context"
	"fmt"

	"brume.dev/brume/test/e2e/clients/go/check"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

const many = 23

func lists(c *clients) {
	maps := c.kube.CoreV1().ConfigMaps(c.namespace)
	c.run("a list in chunks is complete and of one moment", func(t *check.T) {
		for i := range many {
			wanted := configMap(fmt.Sprintf("chunk-%02d", i), nil)
			wanted.Labels = map[string]string{"chunk": "yes", "odd": fmt.Sprint(i%2 == 1)}
			_, err := maps.Create(t.Ctx, wanted, create)
			t.Must("create", err)
		}
		first, err := maps.List(t.Ctx, metav1.ListOptions{Limit: 5})
		t.Must("first page", err)
		t.Equal("its size", len(first.Items), 5)
		t.True("what remains", first.Continue != "" && *first.RemainingItemCount >= many-5)
		late := configMap("aaa-late", nil)
		_, err = maps.Create(t.Ctx, late, create)
		t.Must("create between pages", err)
		second, err := maps.List(t.Ctx, metav1.ListOptions{Limit: 5, Continue: first.Continue})
		t.Must("second page", err)
		t.Equal("its moment", second.ResourceVersion, first.ResourceVersion)
		pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return maps.List(ctx, options)
		})
		pages.PageSize = 4
		var names []string
		t.Must("all pages", pages.EachListItem(t.Ctx, metav1.ListOptions{LabelSelector: "chunk"}, func(item runtime.Object) error {
			names = append(names, item.(*corev1.ConfigMap).Name)
			return nil
		}))
		t.Equal("how many", len(names), many)
		for i, name := range names {
			t.Equal("in order", name, fmt.Sprintf("chunk-%02d", i))
		}
	})
	c.run("selectors choose by labels and fields", func(t *check.T) {
		count := func(labels, fields string) int {
			found, err := maps.List(t.Ctx, metav1.ListOptions{LabelSelector: labels, FieldSelector: fields})
			t.Must("list "+labels+" "+fields, err)
			return len(found.Items)
		}
		t.Equal("equal", count("chunk=yes,odd=true", ""), many/2)
		t.Equal("in", count("odd in (true, false)", ""), many)
		t.Equal("not in", count("chunk,odd notin (true)", ""), many-many/2)
		t.Equal("absent", count("chunk,!odd", ""), 0)
		t.Equal("by name", count("", "metadata.name=chunk-07"), 1)
		t.Equal("by name and label", count("odd=false", "metadata.name=chunk-07"), 0)
		_, err := maps.List(t.Ctx, metav1.ListOptions{FieldSelector: "data.x=1"})
		t.ErrorIs("an unknown field", err, apierrors.IsBadRequest)
		_, err = maps.List(t.Ctx, metav1.ListOptions{LabelSelector: "a in (b"})
		t.ErrorIs("a broken selector", err, apierrors.IsBadRequest)
	})
	c.run("resourceVersions of lists: any, not older, exact, expired, from the future", func(t *check.T) {
		newest, err := maps.List(t.Ctx, list)
		t.Must("newest", err)
		_, err = maps.List(t.Ctx, metav1.ListOptions{ResourceVersion: "0"})
		t.Must("any", err)
		exact, err := maps.List(t.Ctx, metav1.ListOptions{ResourceVersion: newest.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		t.Must("exact", err)
		t.Equal("its resourceVersion", exact.ResourceVersion, newest.ResourceVersion)
		_, err = maps.List(t.Ctx, metav1.ListOptions{ResourceVersion: newest.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
		t.Must("not older", err)
		_, err = maps.List(t.Ctx, metav1.ListOptions{ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		t.ErrorIs("a match without a version", err, apierrors.IsInvalid)
		_, err = maps.List(t.Ctx, metav1.ListOptions{Continue: "not a token", Limit: 1})
		t.ErrorIs("a broken token", err, apierrors.IsBadRequest)
		// Retries would wait for that moment to come.
		err = c.kube.CoreV1().RESTClient().Get().MaxRetries(0).Namespace(c.namespace).Resource("configmaps").Param("resourceVersion", "999999999").Do(t.Ctx).Error()
		t.ErrorIs("the future", err, apierrors.IsTimeout)
		t.True("the future has its cause", apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge))
	})
}
