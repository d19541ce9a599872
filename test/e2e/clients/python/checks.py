"""The Kubernetes project's client for Python against the control plane of $KUBECONFIG.

Prints "ok NAME" or "FAIL NAME -- why" for each check.
"""

import base64
import json
import os
import sys
import tempfile
import threading
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection

NAMESPACE = "python"
LIMIT_SECONDS = 60
CHECKS = []


def check(name):
    def register(body):
        CHECKS.append((name, body))
        return body

    return register


def eventually(what, probe):
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen in time: {what}")


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == status, f"{error.status} instead of {status}: {error.body}"
        body = json.loads(error.body)
        assert body["kind"] == "Status", body
        return body
    raise AssertionError(f"it was not refused with {status}")


def config_map(name, data=None, labels=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)


def pod_template(name):
    container = client.V1Container(name="main", image="registry.test/app:1")
    return client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": name}), spec=client.V1PodSpec(containers=[container])
    )


@check("objects are created, read, replaced, patched, listed in pages, deleted")
def crud():
    core = client.CoreV1Api()
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    made = core.create_namespaced_config_map(NAMESPACE, config_map("one", {"a": "ä<&>"}))
    read = core.read_namespaced_config_map("one", NAMESPACE)
    assert read.to_dict() == made.to_dict()
    read.data["a"] = "b"
    core.replace_namespaced_config_map("one", NAMESPACE, read)
    assert refused(409, core.replace_namespaced_config_map, "one", NAMESPACE, made)["reason"] == "Conflict"
    patched = core.patch_namespaced_config_map("one", NAMESPACE, {"data": {"a": None, "c": "d"}})
    assert patched.data == {"c": "d"}, patched.data
    for i in range(5):
        core.create_namespaced_config_map(NAMESPACE, config_map(f"page-{i}", labels={"set": "pages"}))
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector="set=pages", limit=2, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert names == [f"page-{i}" for i in range(5)], names
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="set=pages")
    core.delete_namespaced_config_map("one", NAMESPACE)
    body = refused(404, core.read_namespaced_config_map, "one", NAMESPACE)
    assert body["message"] == 'configmaps "one" not found', body
    secret = core.create_namespaced_secret(
        NAMESPACE, client.V1Secret(metadata=client.V1ObjectMeta(name="s"), string_data={"k": "v"})
    )
    assert base64.b64decode(secret.data["k"]) == b"v"


@check("an invalid object is refused with its causes")
def invalid():
    wrong = client.V1Deployment(
        metadata=client.V1ObjectMeta(name="wrong"),
        spec=client.V1DeploymentSpec(
            selector=client.V1LabelSelector(match_labels={"app": "other"}), template=pod_template("wrong")
        ),
    )
    body = refused(422, client.AppsV1Api().create_namespaced_deployment, NAMESPACE, wrong)
    fields = [cause["field"] for cause in body["details"]["causes"]]
    assert fields == ["spec.template.metadata.labels"], body


@check("a watch tells of each change, and resumes")
def watches():
    core = client.CoreV1Api()
    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map("watched", labels={"w": "y"}))
    core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "b"}})
    core.delete_namespaced_config_map("watched", NAMESPACE)
    seen = []
    stream = watch.Watch()
    for event in stream.stream(
        core.list_namespaced_config_map, NAMESPACE, label_selector="w", resource_version=start, timeout_seconds=30
    ):
        seen.append((event["type"], event["object"].metadata.resource_version))
        if len(seen) == 3:
            stream.stop()
    assert [kind for kind, _ in seen] == ["ADDED", "MODIFIED", "DELETED"], seen
    resumed = []
    for event in watch.Watch().stream(
        core.list_namespaced_config_map, NAMESPACE, label_selector="w", resource_version=seen[0][1], timeout_seconds=1
    ):
        resumed.append((event["type"], event["object"].metadata.resource_version))
    assert resumed == seen[1:], resumed


@check("create_from_yaml makes objects of many kinds")
def from_yaml():
    text = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: main, image: "registry.test/app:1", ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        utils.create_from_yaml(client.ApiClient(), file.name, namespace=NAMESPACE)
    service = client.CoreV1Api().read_namespaced_service("web", NAMESPACE)
    assert service.spec.cluster_ip and service.spec.ports[0].target_port == "http", service.spec
    assert client.AppsV1Api().read_namespaced_deployment("web", NAMESPACE).spec.replicas == 1
    client.RbacAuthorizationV1Api().read_namespaced_role("reader", NAMESPACE)
    client.AppsV1Api().delete_namespaced_deployment("web", NAMESPACE, propagation_policy="Background")


@check("the dynamic client finds kinds, also new ones, and applies")
def dynamically():
    any_kind = dynamic.DynamicClient(client.ApiClient())
    definitions = any_kind.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    part = {"type": "object", "properties": {"size": {"type": "integer"}}}
    definitions.create(
        body={
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "trees.python.brume.dev"},
            "spec": {
                "group": "python.brume.dev",
                "scope": "Namespaced",
                "names": {"plural": "trees", "singular": "tree", "kind": "Tree"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}},
                        "schema": {
                            "openAPIV3Schema": {"type": "object", "properties": {"spec": part, "status": part}}
                        },
                    }
                ],
            },
        }
    )

    def find():
        any_kind.resources.invalidate_cache()
        try:
            return any_kind.resources.get(api_version="python.brume.dev/v1", kind="Tree")
        except dynamic.exceptions.ResourceNotFoundError:
            return None

    trees = eventually("the kind is discovered", find)
    tree = {"apiVersion": "python.brume.dev/v1", "kind": "Tree", "metadata": {"name": "oak"}, "spec": {"size": 3}}
    assert trees.create(body=tree, namespace=NAMESPACE).spec.size == 3
    tree["spec"]["size"] = 4
    applied = trees.server_side_apply(
        body=tree, name="oak", namespace=NAMESPACE, field_manager="python", force_conflicts=True
    )
    assert applied.spec.size == 4
    patched = trees.status.patch(
        body={"status": {"size": 5}}, name="oak", namespace=NAMESPACE, content_type="application/merge-patch+json"
    )
    assert (patched.spec.size, patched.status.size) == (4, 5)
    items = trees.get(namespace=NAMESPACE).items
    assert [(item.kind, item.metadata.name) for item in items] == [("Tree", "oak")], items
    maps = any_kind.resources.get(api_version="v1", kind="ConfigMap")
    assert maps.get(namespace=NAMESPACE, limit=1).items[0].kind == "ConfigMap"
    events = [event["type"] for event in trees.watch(namespace=NAMESPACE, timeout=1)]
    assert events == ["ADDED"], events
    trees.delete(name="oak", namespace=NAMESPACE)
    definitions.delete(name="trees.python.brume.dev")


@check("a service account comes in with its token")
def accounts():
    core = client.CoreV1Api()
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=900))
    granted = core.create_namespaced_service_account_token("robot", NAMESPACE, request)
    mine = client.Configuration.get_default_copy()
    mine.cert_file = mine.key_file = None
    mine.api_key = {"authorization": f"Bearer {granted.status.token}"}
    robot = client.CoreV1Api(client.ApiClient(mine))
    body = refused(403, robot.list_namespaced_secret, NAMESPACE)
    assert "system:serviceaccount:python:robot" in body["message"], body
    review = client.AuthorizationV1Api(client.ApiClient(mine)).create_self_subject_access_review(
        client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(
                resource_attributes=client.V1ResourceAttributes(verb="get", resource="pods", namespace=NAMESPACE)
            )
        )
    )
    assert review.status.allowed is False


@check("leader election with a lease")
def elections():
    try:
        from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock as Lock
    except ImportError:
        from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock as Lock
    led = threading.Event()
    settings = electionconfig.Config(
        Lock("throne", NAMESPACE, "me"), lease_duration=4, renew_deadline=3, retry_period=1, onstarted_leading=led.set,
        onstopped_leading=lambda: None,
    )
    threading.Thread(target=leaderelection.LeaderElection(settings).run, daemon=True).start()
    assert led.wait(LIMIT_SECONDS), "nobody leads"


@check("the version and the groups are told")
def version():
    assert client.VersionApi().get_code().git_version.startswith("v1.32."), "version"
    names = [group.name for group in client.ApisApi().get_api_versions().groups]
    assert "apps" in names and "batch" in names, names


def main():
    config.load_kube_config(os.environ["KUBECONFIG"])
    for name, body in CHECKS:
        try:
            body()
            print(f"ok {name}", flush=True)
        except Exception as error:  # Whatever it is, it is told.
            why = f"{type(error).__name__}: {error}".replace("\n", " | ")
            print(f"FAIL {name} -- {why}", flush=True)
    sys.stdout.flush()
    os._exit(0)  # The elected thread would go on.


main()
