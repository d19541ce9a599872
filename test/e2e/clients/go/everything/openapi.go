package main

import (
	"strings"

	"brume.dev/brume/test/e2e/clients/go/check"
	openapi "github.com/google/gnostic-models/openapiv3"
	"google.golang.org/protobuf/proto"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientopenapi "k8s.io/client-go/openapi"
	"k8s.io/utils/ptr"
)

// A kind whose schema has everything that one may have.
func everySchemaDefinition() *apiextensionsv1.CustomResourceDefinition {
	type Props = apiextensionsv1.JSONSchemaProps
	raw := func(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }
	text := Props{
		Type: "string", Format: "date", Title: "A text", Description: "With: a colon, and \"quotes\".", Pattern: "^[a-z]*$",
		MinLength: ptr.To(int64(1)), MaxLength: ptr.To(int64(9)), Nullable: true, Example: raw(`{"a":[1,"b"]}`),
		Enum:         []apiextensionsv1.JSON{*raw(`"a"`), *raw(`"no"`), *raw(`"1"`)},
		ExternalDocs: &apiextensionsv1.ExternalDocumentation{Description: "more", URL: "https://docs.test"},
		Not:          &Props{Enum: []apiextensionsv1.JSON{*raw(`"c"`)}},
	}
	number := Props{
		Type: "number", Minimum: ptr.To(-1.5), ExclusiveMinimum: true, Maximum: ptr.To(1e20), ExclusiveMaximum: true,
		MultipleOf: ptr.To(0.5), Default: raw("0.0"),
		AllOf: []Props{{Minimum: ptr.To(-1.0)}}, AnyOf: []Props{{Maximum: ptr.To(1.0)}, {Minimum: ptr.To(2.0)}}, OneOf: []Props{{Maximum: ptr.To(3.0)}},
	}
	empty := Props{Type: "string", Default: raw(`""`)}
	flag := Props{Type: "boolean", Default: raw("false")}
	free := Props{Type: "object", XPreserveUnknownFields: ptr.To(true), MinProperties: ptr.To(int64(1)), MaxProperties: ptr.To(int64(3))}
	byName := Props{Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &number}}
	open := Props{Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true}}
	list := Props{
		Type: "array", MinItems: ptr.To(int64(1)), MaxItems: ptr.To(int64(300)), XListType: ptr.To("set"),
		Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &Props{XIntOrString: true}},
	}
	spec := Props{Type: "object", Required: []string{"text", "flag"}, Properties: map[string]Props{
		"text": text, "empty": empty, "number": number, "flag": flag, "free": free, "byName": byName, "open": open, "list": list,
	}}
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "schemas.openapi.brume.dev"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "openapi.brume.dev", Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "schemas", Singular: "schema", Kind: "Schema"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &Props{
					Type: "object", Properties: map[string]Props{"spec": spec},
				}},
			}},
		},
	}
}

// The protobuf documents are what gnostic makes of the JSON documents.
func openAPIOf(c *clients) {
	c.run("OpenAPI v3 in protobuf says in every group version what the JSON says", func(t *check.T) {
		definitions := c.apiextensions.ApiextensionsV1().CustomResourceDefinitions()
		made, err := definitions.Create(t.Ctx, everySchemaDefinition(), create)
		t.Must("create", err)
		t.Cleanup(func() { definitions.Delete(t.Ctx, made.Name, metav1.DeleteOptions{}) })
		var paths map[string]clientopenapi.GroupVersion
		t.Eventually("the definition is published", func() bool {
			paths, err = c.discovery.OpenAPIV3().Paths()
			t.Must("index", err)
			return paths["apis/openapi.brume.dev/v1"] != nil
		})
		t.True("there are many", len(paths) > 20)
		for path, groupVersion := range paths {
			text, err := groupVersion.Schema("application/json")
			t.Must(path, err)
			want, err := openapi.ParseDocument(text)
			t.Must(path+" in JSON", err)
			for _, form := range []string{"@v1.0", ".v1.0"} {
				bytes, err := groupVersion.Schema("application/com.github.proto-openapi.spec.v3" + form + "+protobuf")
				t.Must(path+form, err)
				got := &openapi.Document{}
				t.Must(path+form, proto.Unmarshal(bytes, got))
				t.True(path+form+" has only known fields", len(got.ProtoReflect().GetUnknown()) == 0)
				t.Equal(path+form, yamlOf(t, got), yamlOf(t, want))
			}
		}
	})
}

// Free-form values are YAML in the document; equal ones may be written differently, so they are compared as parsed.
func yamlOf(t *check.T, document *openapi.Document) string {
	text, err := document.YAMLValue("")
	t.Must("as YAML", err)
	again, err := openapi.ParseDocument(text)
	t.Must("again", err)
	normal, err := again.YAMLValue("")
	t.Must("as YAML again", err)
	return strings.TrimSpace(string(normal))
}
