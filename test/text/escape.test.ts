import { expect, test } from 'vitest';
import { escapeHtml, escapeXml } from '../../src/text/escape.ts';

test('no text can leave its place', () => {
  expect(escapeXml(`</title><script>alert("1" & '2')</script>`)).toBe(
    '&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;',
  );
  expect(escapeHtml(`<a href="'&'">`)).toBe('&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;');
  expect(escapeXml('a\u0000\u0008\u001b\ud800\ufffe\tb\n😀')).toBe('a\tb\n😀');
});
