// What both peers share: the questions, the clock, the check that the answers are the right ones.
import { readFileSync } from "node:fs";

export const { grants, questions } = JSON.parse(readFileSync(process.argv[2], "utf8"));

// Every scope that reaches a question's scope: its own prefixes, the management groups above, the root.
export function reaching({ scope, above }) {
  const parts = scope.split("/").slice(1);
  const prefixes = parts.map((_, i) => "/" + parts.slice(0, i + 1).join("/"));
  return ["/", ...above, ...prefixes].map((s) => s.toLowerCase());
}

// Median nanoseconds of a decision over some rounds; throws if an answer differs from Lanyard's.
export async function measure(name, decide, rounds = 3) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    for (const question of questions) {
      const began = process.hrtime.bigint();
      const allowed = await decide(question);
      times.push(Number(process.hrtime.bigint() - began));
      if (allowed !== question.allowed) throw new Error(`${name} answers ${allowed} to ${JSON.stringify(question)}`);
    }
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ name, ns: times[times.length >> 1], assignments: grants.length }));
}
