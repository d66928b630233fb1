"""A certificate authority made for one test, by the openssl command. SPDX-License-Identifier: Apache-2.0"""
import os
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    def __init__(self, directory, name="authority"):
        self.directory = directory
        self.key, self.certificate = self.path(name + ".key"), self.path(name + ".pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}")

    def path(self, name):
        return os.path.join(self.directory, name)

    def issue(self, name, subject, alternative=None, days="2", purpose="serverAuth,clientAuth"):
        """Paths of certificate and key."""
        key, request, certificate, extensions = (self.path(f"{name}.{end}") for end in ("key", "csr", "pem", "ext"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                request, "-subj", subject)
        with open(extensions, "w") as file:
            file.write(f"extendedKeyUsage={purpose}\n" + (f"subjectAltName={alternative}\n" if alternative else ""))
        dates = ["-days", days]
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-out",
                certificate, "-extfile", extensions, *dates)
        return certificate, key
