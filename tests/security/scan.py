"""Scan a demo node of its own with wapiti, as an officer's supervisor who is logged in (docs/security/scan.md).

python -m tests.security.scan .venv-security/bin/wapiti report.json
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from tests.browser.conftest import PASSWORD, RUTH, environment, free_port, process_wait

MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,"
    "sql,timesql,upload,xss"
)
"""Those that need no other host."""
LEFT_OUT = ("/logout/", "/live/*", "/account/*", "/locks/*")
"""What would end the scan: its login, and a stream that never ends."""
EXPECTED = {"HttpOnly Flag cookie": ("theme", "rail"), "Secure Flag cookie": ("",)}
"""A script keeps looks; cookies are secure where there is HTTPS, as tests/security/test_headers.py shows."""


def main(wapiti: str, report: str) -> int:
    """Serve, log in, scan, say what was found; 1 if anything beyond `EXPECTED` was."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-m", "vigil.cli.main", "serve", "--demo", "--no-door"]
        command += ["--data", folder, "--port", str(port)]
        node = subprocess.Popen(command, env=environment(Path(folder)), stdout=subprocess.DEVNULL)
        try:
            scan(wapiti, f"http://127.0.0.1:{port}", logged_in(f"http://127.0.0.1:{port}", node), report)
        finally:
            node.terminate()
            node.wait(20)
    return tell(json.loads(Path(report).read_text(encoding="utf-8")))


def logged_in(base: str, node: subprocess.Popen[bytes]) -> str:
    """The cookies of a login, once the node answers."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    while True:
        assert node.poll() is None, "the node did not start"
        try:
            page = browser.open(f"{base}/login/").read().decode()
            break
        except OSError:
            process_wait(node)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    form = {"csrfmiddlewaretoken": found[1], "username": RUTH, "password": PASSWORD}
    browser.open(f"{base}/login/", urllib.parse.urlencode(form).encode())
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def scan(wapiti: str, base: str, cookies: str, report: str) -> None:
    """Ten minutes of looking around, two for each module."""
    with tempfile.TemporaryDirectory() as session:
        command = [wapiti, "-u", f"{base}/", "-s", f"{base}/operations/", "--scope", "domain", "-C", cookies]
        command += [option for left in LEFT_OUT for option in ("-x", base + left)]
        command += ["-m", MODULES, "--skip", "csrfmiddlewaretoken", "--no-bugreport", "--flush-session", "--tasks", "2"]
        command += ["-d", "4", "--max-links-per-page", "40", "--max-files-per-dir", "12", "--max-scan-time", "600"]
        command += ["--max-attack-time", "120", "--store-session", session, "-f", "json", "-o", report]
        subprocess.run(command, check=True)


def tell(found: dict[str, dict[str, list[dict[str, str]]]]) -> int:
    """Print each finding; how the command ends."""
    unexpected = 0
    for kind in ("vulnerabilities", "anomalies"):
        for name, findings in found[kind].items():
            for one in findings:
                known = any(word in one["info"] for word in EXPECTED.get(name, ()))
                unexpected += not known
                print("expected:" if known else "FOUND:", name, "|", one["method"], one["path"], "|", one["info"])
    print(f"{found['infos']['crawled_pages_nbr']} pages and forms; {unexpected} findings to look at.")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
