"""Checks rendered Kubernetes objects: against the API's schemas, and against what the shop promises of itself.

Arguments: the names of all services, comma-separated, then the rendered files. A file whose name begins with `part` is
one part of the shop, and only its schemas are checked.
"""

import sys

import kubernetes_validate
import yaml

# The oldest that is still looked after, and the newest that the schemas are there for.
VERSIONS = ["1.32", kubernetes_validate.latest_version()]
SECRETS = {"shop-secrets", "jwt-keys"}


def main():
    services, files = sys.argv[1].split(","), sys.argv[2:]
    complaints = []
    for file in files:
        with open(file) as text:
            objects = [it for it in yaml.safe_load_all(text) if it]
        found = list(schemas(objects))
        if not file.rsplit("/", 1)[-1].startswith("part"):
            found += promises(objects, services)
        complaints += [f"{file}: {it}" for it in found]
        print(f"{file.rsplit('/', 1)[-1]}: {len(objects)} objects")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


def name_of(it):
    return f"{it['kind']}/{it['metadata']['name']}"


def schemas(objects):
    for it in objects:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(it, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{name_of(it)} is none for {version}: {error.message} at {list(error.path)}"


def promises(objects, services):
    kinds = {}
    for it in objects:
        kinds.setdefault(it["kind"], {})[it["metadata"]["name"]] = it
    if "Secret" in kinds:
        yield "a secret stands in it"
    if not any(it["spec"]["podSelector"] == {} and set(it["spec"]["policyTypes"]) == {"Ingress", "Egress"}
               for it in kinds["NetworkPolicy"].values()):
        yield "nothing is denied by default"
    if "api-gateway" not in str(kinds.get("Ingress")):
        yield "nothing leads to the gateway"
    settings = kinds["ConfigMap"]["shop-settings"]["data"]
    if settings["ENVIRONMENT"] == "production" and settings.get("PAYMENT_PROVIDER", "simulator") == "simulator":
        yield "nobody takes the money"
    if settings["ENVIRONMENT"] == "production" and not settings.get("SMTP_HOST"):
        yield "nobody takes the e-mails"
    redis = kinds.get("StatefulSet", {}).get("redis")
    if redis and not bounded(redis["spec"]["template"]["spec"]["containers"][0]):
        yield "redis may fill its memory until it is killed, or forget what it mustn't"
    allowed, wanted = mysql_allows(kinds), mysql_connections(kinds, int(settings.get("DATABASE_MAX_CONNECTIONS", "16")))
    if wanted > allowed:
        yield f"instances may want {wanted} connections of MySQL, which allows {allowed}"
    drain = int(settings["DRAIN_SECONDS"])
    for name in services + ["api-gateway"]:
        deployment = kinds["Deployment"].get(name)
        if not deployment:
            yield f"{name} isn't there"
            continue
        yield from (f"{name}: {it}" for it in pod(deployment["spec"]["template"]["spec"], drain))
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        scaled = kinds["HorizontalPodAutoscaler"].get(name, {}).get("spec", {}).get("scaleTargetRef", {})
        if scaled.get("name") != name:
            yield f"{name} has no autoscaler"
        budget = kinds["PodDisruptionBudget"].get(name)
        if not budget or not budget["spec"]["selector"]["matchLabels"].items() <= labels.items():
            yield f"{name} has no disruption budget"
        if deployment["spec"]["selector"]["matchLabels"].get("app.kubernetes.io/name") != name:
            yield f"{name} would take other services' pods for its own"
        job = kinds["Job"].get(f"{name}-migration")
        if name in ("api-gateway", "discovery-service"):
            continue
        if not job:
            yield f"{name} has no migration"
            continue
        container = job["spec"]["template"]["spec"]["containers"][0]
        if container.get("args") != ["--migrate"] or container["image"] != image(deployment):
            yield f"{name}'s migration doesn't migrate with its own program"
        if not secrets(container) <= secrets(deployment["spec"]["template"]["spec"]["containers"][0]):
            yield f"{name}'s migration is told secrets that the service isn't"


def mysql_connections(kinds, pool):
    """When all services have as many instances as they may, and one more each while they are replaced."""
    with_mysql = [name for name, it in kinds["Deployment"].items() if "DATABASE_URL" in str(it)]
    return pool * sum(kinds["HorizontalPodAutoscaler"][name]["spec"]["maxReplicas"] + 1 for name in with_mysql)


def mysql_allows(kinds):
    """Ours by its arguments, another by what the overlay says of it."""
    ours = kinds.get("StatefulSet", {}).get("mysql")
    if ours:
        arguments = dict(it.split("=", 1) for it in ours["spec"]["template"]["spec"]["containers"][0]["args"] if "=" in it)
        return int(arguments["--max-connections"])
    return int(kinds["ConfigMap"]["shop-settings"]["metadata"].get("annotations", {}).get("shop/mysql-max-connections", 0))


def bounded(container):
    words = " ".join(container["command"]).split()
    said = dict(zip(words, words[1:]))
    most, limit = said.get("--maxmemory", ""), container["resources"]["limits"]["memory"]
    fits = most.endswith("mb") and limit.endswith("Mi") and 2 * int(most[:-2]) <= int(limit[:-2])
    return fits and said.get("--maxmemory-policy") == "volatile-lru"


def image(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def secrets(container):
    references = [it["valueFrom"]["secretKeyRef"] for it in container["env"] if "secretKeyRef" in it.get("valueFrom", {})]
    return {(it["name"], it["key"]) for it in references}


def pod(spec, drain):
    if not spec["securityContext"].get("runAsNonRoot"):
        yield "may run as root"
    # What runs is finished within eight seconds after the draining.
    if spec["terminationGracePeriodSeconds"] < drain + 8 + spec["containers"][0].get("lifecycle", {}).get(
            "preStop", {}).get("sleep", {}).get("seconds", 0):
        yield "is killed before it has finished"
    for container in spec["containers"]:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe not in container:
                yield f"has no {probe}"
        security = container["securityContext"]
        if not security.get("readOnlyRootFilesystem") or security.get("allowPrivilegeEscalation") is not False:
            yield "may change its own files or privileges"
        if security["capabilities"]["drop"] != ["ALL"]:
            yield "has capabilities"
        resources = container["resources"]
        if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= resources["requests"].keys():
            yield "says not what it needs"
        if {secret for secret, _ in secrets(container)} - SECRETS:
            yield "wants a secret that nobody makes"


main()
