import fc from "fast-check";

const test = fc.oneof(
  fc.constantFrom("anything", "nothing"),
  fc.tuple(
    fc.constantFrom("include", "exclude"),
    fc.constantFrom("*", "*.txt", "out/*", "out/?.bin", "a.txt", "*+1*", "?.txt", "out", "OUT/*"),
  ).map(([name, glob]) => `${name}=${glob}`),
  fc.tuple(
    fc.constantFrom("largerthan", "smallerthan"),
    fc.constantFrom("0", "1", "1kb", "1KiB", "1kib", "1000b", "2MB", "1mib", "1KB"),
  ).map(([name, size]) => `${name}=${size}`),
  fc.constantFrom("text/*", "*/png", "text/plain", "*").map((glob) => `mimetype=${glob}`),
  fc.constantFrom("binary", "us-*", "utf-?", "*").map((glob) => `mimeencoding=${glob}`),
);

/** Rules for `annex.largefiles` as people write them: parentheses with and without blanks, negations. */
export const { rule: randomRule } = fc.letrec<{ term: string; rule: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    test,
    tie("term").map((term) => `not ${term}`),
    tie("rule").map((inner) => `(${inner})`),
    tie("rule").map((inner) => `( ${inner} )`),
  ),
  rule: fc.tuple(
    tie("term"),
    fc.array(fc.tuple(fc.constantFrom(" and ", " or "), tie("term")), { maxLength: 3 }),
  ).map(([first, more]) => first + more.flat().join("")),
}));
