"""Names what a workflow runs, calls or trusts and what is not as it must be: one line for each fault."""
import os
import re
import shutil
import sys

import yaml

# What GitHub's runner images bring along, beside a shell and git.
RUNNER = {"docker", "gh", "jq", "cosign"}


def faults(path):
    with open(path, encoding="utf-8") as file:
        workflow = yaml.safe_load(file)
    if workflow.get("permissions") != {"contents": "read"}:
        yield "the workflow's own permissions must be contents: read"
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            yield f"{name} has no timeout-minutes"
        for step in job["steps"]:
            action = step.get("uses")
            if action and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action):
                yield f"{name}: {action} is not pinned to a commit"
            if action and action.startswith("actions/checkout@") and step["with"].get("persist-credentials") is not False:
                yield f"{name}: checkout leaves its token behind"
            for program in programs(step.get("run", "")):
                if not (os.access(program, os.X_OK) if "/" in program else program in RUNNER or shutil.which(program)):
                    yield f"{name}: there is no program {program}"


def programs(script):
    """The first word of each command, and of each command substitution."""
    for line in script.replace("\\\n", " ").splitlines():
        yield from re.findall(r"(?:^\s*|\$\()([\w./-]+)", line)


found = [f"{path}: {fault}" for path in sys.argv[1:] for fault in faults(path)]
print("\n".join(found))
sys.exit(bool(found))
