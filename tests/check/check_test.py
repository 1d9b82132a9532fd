#!/usr/bin/env python3
"""mtalens check over the samples, as CI runs it.

    check_test.py BINARY            each sample meets its expect.json, and fails when a number in it is changed
    check_test.py BINARY --renew    writes them anew (hold them against truth.json before you commit them)

What the expectations say of accepted and refused messages is held against what the provider counted, here too.
"""
import json, os, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"} | {"TZ": "UTC"}
LOGS = sorted(path.relative_to(ROOT) for pattern in ("maillog*", "mainlog*") for path in ROOT.glob(f"samples/*/*/{pattern}")
              if (path.parent / "truth.json").exists() and (path.parent / "provider.json").exists())
failures = []


def check(binary, log, *options, **environment):
    done = subprocess.run([binary, "check", "--year", "2026", *map(str, options), str(log)], cwd=ROOT, text=True,
                          env=ENVIRONMENT | environment, capture_output=True)
    return done.returncode, done.stdout + done.stderr


def claim(holds, what):
    if not holds:
        failures.append(what)
        print("FAIL", what)


def accepted_by_operator(folder):
    """What the hosts of the operators that throttle counted as accepted."""
    truth = json.loads((folder / "truth.json").read_text())
    sums = lambda name: sum(n for key, n in truth.get(name, {}).items() if key.startswith("accepted"))
    return {operator: sums(name) for operator, name in (("BT Internet", "bt"), ("Yahoo", "yahoo")) if name in truth}


def test(binary, log):
    expect = log.parent / "expect.json"
    code, said = check(binary, log, "--expect", expect)
    claim(code == 0 and said.startswith("as expected"), f"{log} is as expected:\n{said}")
    text = (ROOT / expect).read_text()
    expected = {p["provider"]: p["accepted"] for p in json.loads(text)["providers"]}
    for provider, accepted in accepted_by_operator(ROOT / log.parent).items():
        claim(expected[provider] == accepted, f"{expect}: {provider} accepted {accepted}, the file says {expected[provider]}")
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder) / "expect.json"
        numbers = [m for m in re.finditer(r'"(accepted|throttled|failed|queued|expired)": (\d+)', text)]
        for found in numbers[:: max(1, len(numbers) // 8)]:
            changed.write_text(text[: found.start(2)] + str(int(found[2]) + 1) + text[found.end(2):])
            line = text.count("\n", 0, found.start()) + 1
            code, said = check(binary, log, "--expect", changed)
            wanted = f"{found[1]} is {found[2]}, {int(found[2]) + 1} is expected"
            claim(code == 1 and f"{changed}:{line}: " in said and wanted in said, f"{log}: {wanted} (line {line}), exit {code}:\n{said}")
    code, said = check(binary, log)
    claim(code == 1 and "(throttle/" in said, f"{log} without an expectation has findings, exit {code}")
    code, said = check(binary, log, GITHUB_ACTIONS="true")
    claim(code == 1 and said.startswith("::error file=samples/"), f"{log}: annotations:\n{said[:200]}")


def main():
    binary = os.path.abspath(sys.argv[1])
    for log in LOGS:
        if "--renew" in sys.argv:
            check(binary, log, "--write-expect", log.parent / "expect.json")
        else:
            test(binary, log)
    print(f"{len(LOGS)} samples checked, {len(failures)} failures")
    return 1 if failures or not LOGS else 0


sys.exit(main())
