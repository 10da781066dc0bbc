"""Asks a container runtime by the kubelet's own interface. Arguments: socket, folder of api.proto, folder for logs.

Standard input is one JSON object: images to pull, and a container with image, command, mounts and environment. Prints
its exit code and what it wrote.
"""

import importlib
import json
import pathlib
import sys
import tempfile
import time

import grpc
from grpc_tools import protoc

socket, proto, logs = sys.argv[1:]
wanted = json.load(sys.stdin)
generated = tempfile.TemporaryDirectory()
if protoc.main(["", f"-I{proto}", f"--python_out={generated.name}", f"--grpc_python_out={generated.name}", "api.proto"]):
    sys.exit("api.proto was not understood")
sys.path.insert(0, generated.name)
api = importlib.import_module("api_pb2")
services = importlib.import_module("api_pb2_grpc")

channel = grpc.insecure_channel(f"unix://{socket}")
images, runtime = services.ImageServiceStub(channel), services.RuntimeServiceStub(channel)
references = {
    image: images.PullImage(api.PullImageRequest(image=api.ImageSpec(image=image)), timeout=120).image_ref
    for image in wanted["images"]
}

# The pod shares the machine's network, so that no network plug-in is needed.
pod = api.PodSandboxConfig(
    metadata=api.PodSandboxMetadata(name="ingot-test", namespace="default", uid="ingot-test"),
    log_directory=logs,
    linux=api.LinuxPodSandboxConfig(
        security_context=api.LinuxSandboxSecurityContext(namespace_options=api.NamespaceOption(network=api.NODE))
    ),
)
sandbox = runtime.RunPodSandbox(api.RunPodSandboxRequest(config=pod), timeout=60).pod_sandbox_id
try:
    spec = wanted["container"]
    config = api.ContainerConfig(
        metadata=api.ContainerMetadata(name="server"),
        image=api.ImageSpec(image=references[spec["image"]]),
        command=spec["command"],
        envs=[api.KeyValue(key=key, value=value.encode()) for key, value in spec["environment"].items()],
        mounts=[
            api.Mount(
                container_path=mount["path"],
                image=api.ImageSpec(image=references[mount["image"]]),
                image_sub_path=mount["subPath"],
                readonly=True,
            )
            for mount in spec["mounts"]
        ],
        log_path="server.log",
        linux=api.LinuxContainerConfig(
            security_context=api.LinuxContainerSecurityContext(
                run_as_user=api.Int64Value(value=54321), readonly_rootfs=True
            )
        ),
    )
    container = runtime.CreateContainer(
        api.CreateContainerRequest(pod_sandbox_id=sandbox, config=config, sandbox_config=pod), timeout=60
    ).container_id
    runtime.StartContainer(api.StartContainerRequest(container_id=container), timeout=60)
    for _ in range(600):
        status = runtime.ContainerStatus(api.ContainerStatusRequest(container_id=container)).status
        if status.state == api.CONTAINER_EXITED:
            break
        time.sleep(0.1)
    lines = pathlib.Path(logs, "server.log").read_text().splitlines()
    # TIME STREAM TAG TEXT
    output = "".join(f"{line.split(' ', 3)[3]}\n" for line in lines)
    print(json.dumps({"exitCode": status.exit_code, "output": output}))
finally:
    runtime.StopPodSandbox(api.StopPodSandboxRequest(pod_sandbox_id=sandbox), timeout=60)
    runtime.RemovePodSandbox(api.RemovePodSandboxRequest(pod_sandbox_id=sandbox), timeout=60)
