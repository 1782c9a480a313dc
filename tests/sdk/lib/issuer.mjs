// issuer.mjs - an issuer of tokens outside of the server: its discovery document and key over TLS, and tokens that it signs.

import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Issuer {
  #server;
  #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

  /** Serves from the directory's certificate, which it makes; `url` and `ca` are known from then on. */
  async start(directory) {
    const key = join(directory, "issuer.key");
    this.ca = join(directory, "issuer.pem");
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=an issuer",
      "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", this.ca], { stdio: "ignore" });
    this.#server = createServer({ key: readFileSync(key), cert: readFileSync(this.ca) }, (request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(request.url === "/keys" ? this.#keySet() : { issuer: this.url, jwks_uri: `${this.url}/keys` }));
    });
    await new Promise((listening) => this.#server.listen(0, "127.0.0.1", listening));
    this.url = `https://localhost:${this.#server.address().port}`;
  }

  #keySet() {
    return { keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] };
  }

  /** A token for that subject, good for an hour. */
  token(sub, aud = "api://AzureADTokenExchange") {
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: "RS256", typ: "JWT", kid: "one" })}.${part({ iss: this.url, sub, aud, iat: now, nbf: now, exp: now + 3600 })}`;
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), this.#keys.privateKey).toString("base64url")}`;
  }

  stop() {
    this.#server?.close();
  }
}
