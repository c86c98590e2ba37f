import assert from "node:assert/strict";
import { commitUrlOf } from "../../src/report/commit_url.ts";

Deno.test("commitUrlOf() knows the sites that show commits, however they are reached", () => {
  const url = "https://github.com/ada/climate/commit/{commit}";
  for (
    const remote of [
      "https://github.com/ada/climate.git",
      "https://ada:secret@github.com/ada/climate",
      "git@github.com:ada/climate.git",
      "ssh://git@github.com:22/ada/climate.git/",
    ]
  ) {
    assert.equal(commitUrlOf(remote), url, remote);
  }
});

Deno.test("commitUrlOf() makes nothing up for other places", () => {
  for (
    const remote of [
      ...[undefined, "", "/data/climate", "login.example.org:climate", "ria+ssh://store/1"],
      ...["https://evil-github.com/a/b", "https://github.com.evil.org/a/b", "javascript:alert(1)"],
      'https://github.com/a"><script>/b',
    ]
  ) {
    assert.equal(commitUrlOf(remote), undefined, remote);
  }
});
