import assert from "node:assert/strict";
import fc from "fast-check";
import { dataElement, element, escapeText, html } from "../../../src/report/page/html.ts";

Deno.test("html`` takes every value for text, and pieces for pieces", () => {
  const piece = html`<b>${"a < b & \"c\" 'd'"}</b>`;
  assert.equal(piece.markup, "<b>a &lt; b &amp; &quot;c&quot; &#39;d&#39;</b>");
  assert.equal(html`<p>${[piece, 1, undefined, ["<"]]}</p>`.markup, `<p>${piece.markup}1&lt;</p>`);
  // What only looks like a piece is none.
  assert.throws(() => html`${{ markup: "<b>" } as unknown as string}`.markup.length);
});

Deno.test("escapeText() of any text holds nothing that a browser reads or that cannot be seen", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const escaped = escapeText(text);
    assert.doesNotMatch(escaped, /[<>"']/);
    assert.doesNotMatch(escaped, /&(?!(amp|lt|gt|quot|#39);)/);
    // deno-lint-ignore no-control-regex -- what must not be left
    assert.doesNotMatch(escaped, /[\0-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]/);
  }));
});

Deno.test("dataElement() of any value cannot be ended by it, and is read as it was", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const { markup } = dataElement("data", value);
    const text = markup.slice(markup.indexOf(">") + 1, -"</script>".length);
    assert.doesNotMatch(text, /</);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("element() refuses a text that would end it", () => {
  assert.throws(() => element("script", 'x = "</ScRipt>"'), RangeError);
});
