package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"slices"

	"brume.dev/brume/test/e2e/clients/go/check"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/certificate/csr"
	"k8s.io/utils/ptr"
)

func auth(c *clients) {
	c.run("tokens: requested, used, reviewed, forbidden, allowed by a role", func(t *check.T) {
		request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: nil, ExpirationSeconds: ptr.To[int64](900)}}
		granted, err := c.kube.CoreV1().ServiceAccounts(c.namespace).CreateToken(t.Ctx, "default", request, create)
		t.Must("token", err)
		t.True("it expires", !granted.Status.ExpirationTimestamp.IsZero())
		config := rest.AnonymousClientConfig(c.config)
		config.BearerToken = granted.Status.Token
		account := kubernetes.NewForConfigOrDie(config)
		self, err := account.AuthenticationV1().SelfSubjectReviews().Create(t.Ctx, &authenticationv1.SelfSubjectReview{}, create)
		t.Must("who am I", err)
		t.Equal("name", self.Status.UserInfo.Username, "system:serviceaccount:"+c.namespace+":default")
		review, err := c.kube.AuthenticationV1().TokenReviews().Create(t.Ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: granted.Status.Token}}, create)
		t.Must("review", err)
		t.True("authenticated", review.Status.Authenticated && review.Status.User.Username == self.Status.UserInfo.Username)
		_, err = account.CoreV1().Secrets(c.namespace).List(t.Ctx, list)
		t.ErrorIs("secrets", err, apierrors.IsForbidden)
		_, err = c.kube.RbacV1().RoleBindings(c.namespace).Create(t.Ctx, &rbacv1.RoleBinding{
			ObjectMeta: named("viewers"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "default", Namespace: c.namespace}},
		}, create)
		t.Must("bind", err)
		_, err = account.CoreV1().ConfigMaps(c.namespace).List(t.Ctx, list)
		t.Must("config maps", err)
		_, err = account.CoreV1().ConfigMaps(c.namespace).Create(t.Ctx, configMap("not-mine", nil), create)
		t.ErrorIs("create", err, apierrors.IsForbidden)
		_, err = account.RbacV1().Roles(c.namespace).Create(t.Ctx, &rbacv1.Role{ObjectMeta: named("more")}, create)
		t.ErrorIs("a role", err, apierrors.IsForbidden)
	})
	c.run("access reviews of all four kinds, and impersonation", func(t *check.T) {
		attributes := &authorizationv1.ResourceAttributes{Namespace: c.namespace, Verb: "list", Resource: "configmaps"}
		user := "system:serviceaccount:" + c.namespace + ":default"
		reviews := c.kube.AuthorizationV1()
		yes, err := reviews.SubjectAccessReviews().Create(t.Ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: attributes}}, create)
		t.Must("subject", err)
		t.True("allowed, with a reason", yes.Status.Allowed && yes.Status.Reason != "")
		no, err := reviews.LocalSubjectAccessReviews(c.namespace).Create(t.Ctx, &authorizationv1.LocalSubjectAccessReview{
			ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace}, Spec: authorizationv1.SubjectAccessReviewSpec{User: "nobody", ResourceAttributes: attributes}}, create)
		t.Must("local", err)
		t.True("not allowed", !no.Status.Allowed)
		config := rest.CopyConfig(c.config)
		config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:serviceaccounts", "system:authenticated"}, Extra: map[string][]string{"reason": {"a test"}}}
		as := kubernetes.NewForConfigOrDie(config)
		self, err := as.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Ctx, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes}}, create)
		t.Must("self", err)
		t.True("allowed", self.Status.Allowed)
		rules, err := as.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Ctx, &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: c.namespace}}, create)
		t.Must("rules", err)
		t.True("some", len(rules.Status.ResourceRules) > 1 && len(rules.Status.NonResourceRules) > 0)
		whoami, err := as.AuthenticationV1().SelfSubjectReviews().Create(t.Ctx, &authenticationv1.SelfSubjectReview{}, create)
		t.Must("who am I", err)
		t.Equal("extra", whoami.Status.UserInfo.Extra["reason"], authenticationv1.ExtraValue{"a test"})
		_, err = as.CoreV1().Nodes().List(t.Ctx, list)
		t.ErrorIs("nodes", err, apierrors.IsForbidden)
	})
}

func certificatesOf(c *clients) {
	c.run("a certificate is requested, approved, issued and used", func(t *check.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		t.Must("key", err)
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "ada", Organization: []string{"gardeners"}}}, key)
		t.Must("request", err)
		request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		name, uid, err := csr.RequestCertificate(c.kube, request, "ada", certificatesv1.KubeAPIServerClientSignerName, nil, []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth, certificatesv1.UsageDigitalSignature}, key)
		t.Must("create", err)
		requests := c.kube.CertificatesV1().CertificateSigningRequests()
		made, err := requests.Get(t.Ctx, name, get)
		t.Must("get", err)
		t.True("who asked", slices.Contains(made.Spec.Groups, "system:authenticated"))
		made.Status.Conditions = append(made.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test", Message: "a test"})
		_, err = requests.UpdateApproval(t.Ctx, name, made, update)
		t.Must("approve", err)
		issued, err := csr.WaitForCertificate(t.Ctx, c.kube, name, uid)
		t.Must("issued", err)
		config := rest.AnonymousClientConfig(c.config)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		t.Must("key", err)
		config.TLSClientConfig.CertData, config.TLSClientConfig.KeyData = issued, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
		self, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().Create(t.Ctx, &authenticationv1.SelfSubjectReview{}, create)
		t.Must("who am I", err)
		t.Equal("name", self.Status.UserInfo.Username, "ada")
		t.True("group", slices.Contains(self.Status.UserInfo.Groups, "gardeners"))
	})
}
