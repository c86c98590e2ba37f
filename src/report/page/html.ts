/**
 * The one place where text becomes part of a page. Whatever stands in records, commands and logs was written by
 * others: {@linkcode html} takes every value for text, and only what it has made itself for a piece of a page.
 *
 * @module
 */

import { visibleText } from "../../process/visible_text.ts";

/** A piece of a page. */
export class Html {
  /** As it stands in the file. */
  readonly markup: string;

  /** Only for this module: everywhere else it is {@linkcode html} that makes one. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: text, numbers, pieces, lists of them; nothing for what is absent. */
export type Content = string | number | Html | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand between tags and in quoted attributes; of what cannot be seen the escape is shown. */
export function escapeText(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** A piece of a page. Each value becomes text; attributes have to be quoted. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let markup = strings[0]!;
  for (const [at, value] of values.entries()) markup += markupOf(value) + strings[at + 1]!;
  return new Html(markup);
}

function markupOf(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  return value.map(markupOf).join("");
}

/** What a style sheet or script of ours is, as the page has it. */
export function element(name: "style" | "script", text: string): Html {
  if (/<\/(style|script)/i.test(text)) throw new RangeError(`a ${name} cannot hold its own end`);
  return new Html(`<${name}>${text}</${name}>`);
}

/** Data for the page's script; nothing in it can end the element. */
export function dataElement(id: string, value: unknown): Html {
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return new Html(`<script type="application/json" id="${escapeText(id)}">${json}</script>`);
}
