import type { TableProblem } from "./table.ts";

const NEWLINE = 0x0a;

/**
 * Decodes the bytes of a table, without its byte order mark.
 *
 * @returns the text, or, if the bytes are no UTF-8 text, the lines in which they are not.
 */
export function decodeText(bytes: Uint8Array): string | TableProblem[] {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return [{ line: null, text: "it is UTF-16, and only UTF-8 is read: save it as UTF-8" }];
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return findBadLines(bytes);
}

function findBadLines(bytes: Uint8Array): TableProblem[] {
  const problems: TableProblem[] = [];
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, start);
    const content = bytes.subarray(start, end < 0 ? bytes.length : end);
    start = end < 0 ? bytes.length : end + 1;
    if (content.includes(0)) problems.push({ line, text: "there is a NUL in it" });
    else if (!isUtf8(content)) {
      problems.push({ line, text: `it is no UTF-8 text: ${JSON.stringify(loosely(content))}` });
    }
  }
  return problems;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function loosely(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 60)).replaceAll("\r", "");
}
