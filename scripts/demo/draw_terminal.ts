/** What is typed into the terminal of a picture, or said there, and what comes of it. */
export interface ShownStep {
  /** What is typed; of a remark its text. */
  readonly line: string;
  /** Whether it is a remark and no command. */
  readonly isRemark: boolean;
  /** What the command printed; may have several lines. */
  readonly output: string;
}

/** What a picture is called. */
export interface TerminalOptions {
  /** For readers who do not see it. */
  readonly title: string;
  /** How long it takes until it begins anew. */
  readonly seconds: number;
}

/** Of the terminal. */
const COLUMNS = 96;
const ROWS = 25;
/** Pixels: of a line, of a character at its widest in the fonts named below, around all. */
const LINE_HEIGHT = 19;
const CHARACTER_WIDTH = 8.45;
const MARGIN = 16;
const WIDTH = Math.ceil(COLUMNS * CHARACTER_WIDTH) + 2 * MARGIN;
const HEIGHT = ROWS * LINE_HEIGHT + 2 * MARGIN;

/** What one sees longest is the last screen. */
const PAUSES = { remark: 1.5, word: 0.1, command: 0.5, output: 0.5, line: 0.15, end: 5 };

/**
 * Draws a terminal session as an SVG that plays by CSS alone. Where no motion is wanted, or none is shown, it
 * is the last screen. The colours are those that the reader's system asks for.
 */
export function drawTerminal(
  steps: readonly ShownStep[],
  { title, seconds }: TerminalOptions,
): string {
  const { lines, moments } = layOut(steps);
  const total = moments.at(-1)!.at + PAUSES.end;
  const percent = (at: number) => `${(at / total * 100).toFixed(2)}%`;
  const scrolls = moments.map(({ at, rows }) =>
    `${percent(at)}{transform:translateY(${shiftOf(rows)}px)}`
  );
  const appear = moments.map(({ at }, index) =>
    `.m${index}{animation-name:m${index}}@keyframes m${index}{0%{visibility:hidden}` +
    `${percent(at)},to{visibility:visible}}`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" role="img" aria-labelledby="title" xml:space="preserve">
<title id="title">${escape(title)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",Consolas,monospace;white-space:pre;fill:#1f2328}
.back{fill:#f6f8fa;stroke:#d1d9e0}.remark{fill:#59636e}.prompt,.ok{fill:#116329}.bad{fill:#a40e26}
.typed{font-weight:600}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}
.back{fill:#0d1117;stroke:#3d444d}.remark{fill:#9198a1}.prompt,.ok{fill:#56d364}.bad{fill:#ff9492}}
@media(prefers-reduced-motion:no-preference){
.roll,.m{animation:roll ${seconds}s step-end infinite}
@keyframes roll{0%{transform:translateY(0)}${scrolls.join("")}}
${appear.join("\n")}}
</style>
<clipPath id="screen"><rect y="${MARGIN}" width="${WIDTH}" height="${
      ROWS * LINE_HEIGHT
    }"/></clipPath>
<rect class="back" x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="6"/>
<g clip-path="url(#screen)"><g class="roll" transform="translate(0 ${shiftOf(lines.length)})">
${lines.map(drawLine).join("\n")}
</g></g>
</svg>
`;
}

/** Where the text begins when there are so many rows of it, beside where the terminal does. */
function shiftOf(rows: number): number {
  return Math.min(0, ROWS - rows) * LINE_HEIGHT;
}

/** A piece of a line that appears at once. */
interface Piece {
  readonly text: string;
  readonly look: string;
  /** Which moment it appears at. */
  readonly moment: number;
}

/** When something appears, and how many rows there are then. */
interface Moment {
  readonly at: number;
  readonly rows: number;
}

type Line = readonly Piece[];

function layOut(steps: readonly ShownStep[]): { lines: Line[]; moments: Moment[] } {
  const lines: Line[] = [];
  const moments: Moment[] = [];
  let at = 0;
  const appear = (rows: number) => moments.push({ at, rows }) - 1;
  for (const [nth, { line, isRemark, output }] of steps.entries()) {
    if (nth > 0 && steps[nth - 1]!.isRemark === false) lines.push([]);
    if (isRemark) {
      const moment = appear(lines.length + 1);
      lines.push([{ text: `# ${line}`, look: "remark", moment }]);
      at += PAUSES.remark;
      continue;
    }
    const typed: Piece[] = [];
    for (const word of `$ ${line}`.match(/\S+\s*/g)!) {
      const moment = appear(lines.length + 1);
      typed.push({ text: word, look: typed.length === 0 ? "prompt" : "typed", moment });
      at += PAUSES.word;
    }
    lines.push(typed);
    at += PAUSES.command;
    const printed = output.split("\n").flatMap(wrap);
    const moment = appear(lines.length + printed.length);
    for (const text of printed) lines.push(colour(text, moment));
    at += PAUSES.output + PAUSES.line * printed.length;
  }
  return { lines, moments };
}

/** Breaks a line as long as no terminal is wide, where words end. */
function wrap(line: string): string[] {
  const rows: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS) {
    const blank = rest.lastIndexOf(" ", COLUMNS - 1);
    const end = blank > COLUMNS / 2 ? blank + 1 : COLUMNS;
    rows.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end);
  }
  return [...rows, rest];
}

/** How it ended stands out, as it does in a terminal. */
function colour(text: string, moment: number): Piece[] {
  return text.split(/(\(ok\)|\((?:impossible|error)\)|^error:)/).filter((part) => part !== "")
    .map((part) => ({
      text: part,
      look: part === "(ok)" ? "ok" : /^(\((impossible|error)\)|error:)$/.test(part) ? "bad" : "",
      moment,
    }));
}

function drawLine(pieces: Line, row: number): string {
  if (pieces.length === 0) return "";
  const y = MARGIN + (row + 1) * LINE_HEIGHT - 5;
  const all = new Set(pieces.map(({ moment }) => moment));
  const isAtOnce = all.size === 1;
  const spans = pieces.map(({ text, look, moment }) => {
    const classes = [...(look === "" ? [] : [look]), ...(isAtOnce ? [] : ["m", `m${moment}`])];
    return classes.length === 0
      ? escape(text)
      : `<tspan class="${classes.join(" ")}">${escape(text)}</tspan>`;
  });
  const own = isAtOnce ? ` class="m m${pieces[0]!.moment}"` : "";
  return `<text x="${MARGIN}" y="${y}"${own}>${spans.join("")}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
