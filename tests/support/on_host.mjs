// on_host.mjs - a module for `node --import` that leads Azure's names to a server on this machine.
//
// Where no sandbox can be made, `lanyard run --no-sandbox` tells SDKs the token endpoint, and nothing resolves
// the names of the other services. The program stays as it is: every TLS connection to a port 443 goes to
// LANYARD_HTTPS_PORT of 127.0.0.1, and the name it was meant for is still the one that is asked for and verified.

import tls from "node:tls";

const port = Number(process.env.LANYARD_HTTPS_PORT);
const connect = tls.connect;

tls.connect = (...args) => {
  const options = typeof args[0] === "object" ? args[0] : undefined;
  if (port && options && Number(options.port) === 443) {
    args[0] = { ...options, servername: options.servername || options.host, host: "127.0.0.1", port, lookup: undefined };
  }
  return connect.apply(tls, args);
};
