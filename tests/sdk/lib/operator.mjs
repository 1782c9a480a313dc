// operator.mjs - what a program in the sandbox asks of the operator outside: `lanyard` command lines.
//
// The sandbox hides the admin socket, as it must. So a request is a line on standard output, which the
// driver takes out (lib/server.mjs), and the answer a line on standard input.

export const TO_OPERATOR = "to the operator: ";

// One request is under way at a time; between them nothing waits, so that the program can end.
async function readLine() {
  let text = "";
  process.stdin.ref?.();
  for await (const chunk of process.stdin.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.endsWith("\n")) break;
  }
  process.stdin.unref?.();
  return text;
}

/** Runs `lanyard ARGS` outside; what it printed. */
export async function operator(args, input) {
  console.log(TO_OPERATOR + JSON.stringify([args, input]));
  const { stdout, error } = JSON.parse(await readLine());
  if (error) throw new Error(error);
  return stdout;
}

/** The management API, or Graph, as the operator: the answer's body. */
export async function operatorApi(method, path, body) {
  const stdout = await operator(["api", method, path, ...(body ? ["-"] : [])], body && JSON.stringify(body));
  return stdout.trim() ? JSON.parse(stdout) : undefined;
}

/** Moves the server's clock ahead: "10m". This machine's own stays where it is. */
export async function pass(time) {
  await operator(["clock", `+${time}`]);
}
