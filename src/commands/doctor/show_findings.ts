import type { Finding } from "./finding.ts";

/** Wider lines are hard to read; a hint is never broken, since it may be a command to copy. */
const WIDTH = 100;

/** Shows findings as a table: verdict, check, what is the case; below it what follows, and what to do. */
export function showFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat("problem".length + 2 + width + 2);
  return findings.map(({ verdict, check, message, consequence, hint, detail }) => {
    const first = `${verdict.padEnd("problem".length)}  ${check.padEnd(width)}  `;
    const lines = [
      ...wrapped(message, WIDTH - indent.length),
      ...(detail ?? "").trim().split("\n").filter((line) => line !== "").map((line) => `  ${line}`),
      ...(consequence === undefined ? [] : wrapped(consequence, WIDTH - indent.length)),
      ...(hint === undefined ? [] : [`-> ${hint}`]),
    ];
    return lines.map((line, at) => `${at === 0 ? first : indent}${line}\n`).join("");
  }).join("");
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
