import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScreen } from '../../src/terminal/screen.ts';
import { fakeTerminal } from './terminal.ts';

test('a view is drawn over the one before, below what was there', () => {
  const terminal = fakeTerminal(20, 10);
  terminal.write('$ npm start\r\n');
  const screen = createScreen(terminal);
  screen.draw(['one', 'two', 'three']);
  assert.deepEqual(terminal.seen(), ['$ npm start', 'one', 'two', 'three', '']);
  screen.draw(['1', 'two']);
  assert.deepEqual(terminal.seen(), ['$ npm start', '1', 'two', '']);
  screen.draw(['a', 'b', 'c', 'd']);
  assert.deepEqual(terminal.seen(), ['$ npm start', 'a', 'b', 'c', 'd', '']);
});

test('the cursor is hidden while the view is live, and shown again at the end', () => {
  const terminal = fakeTerminal(20, 10);
  const screen = createScreen(terminal);
  assert.equal(terminal.cursorHidden(), false);
  screen.draw(['one']);
  assert.equal(terminal.cursorHidden(), true);
  screen.close();
  assert.equal(terminal.cursorHidden(), false);
  assert.deepEqual(terminal.seen(), ['one', '']);
});

test('a line that is wider than the terminal takes several rows and is redrawn whole', () => {
  const terminal = fakeTerminal(10, 10);
  const screen = createScreen(terminal);
  screen.draw(['\x1b[32mabcdefghijklmnopqrstuvwxyz\x1b[0m', 'end']);
  assert.deepEqual(terminal.seen(), ['abcdefghij', 'klmnopqrst', 'uvwxyz', 'end', '']);
  screen.draw(['short', 'end']);
  assert.deepEqual(terminal.seen(), ['short', 'end', '']);
});

test('a view of more rows than the terminal says how many are missing, and shows them all at the end', () => {
  const terminal = fakeTerminal(70, 5);
  terminal.write('$ npm start\r\n');
  const screen = createScreen(terminal);
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  const notice = '... 9 more lines below: they are shown at the end (Ctrl-C)';
  for (const turn of ['', '!', '?']) {
    screen.draw(lines.map((line) => line + turn));
    assert.deepEqual(terminal.seen(), [
      '$ npm start',
      `line 0${turn}`,
      `line 1${turn}`,
      `line 2${turn}`,
      notice,
      '',
    ]);
  }
  screen.close();
  assert.deepEqual(terminal.seen(), ['$ npm start', ...lines.map((line) => `${line}?`), '']);
});

test('after the terminal was made narrower or wider the view is drawn in its own place', () => {
  for (const [columns, rows] of [
    [6, 20],
    [40, 20],
  ] as const) {
    const terminal = fakeTerminal(20, 20);
    terminal.write('$ npm start\r\n');
    const screen = createScreen(terminal);
    screen.draw(['abcdefghijklmno', 'two']);
    terminal.resize(columns, rows);
    screen.draw(['x', 'y']);
    assert.deepEqual(terminal.seen().slice(-3), ['x', 'y', '']);
    assert.equal(terminal.seen().join('').replaceAll(/\s/g, ''), '$npmstartxy');
  }
});

test('nothing is written when nothing has changed', () => {
  const terminal = fakeTerminal(20, 10);
  const screen = createScreen(terminal);
  screen.draw(['one']);
  const { writes } = terminal;
  screen.draw(['one']);
  assert.equal(terminal.writes, writes);
});

test('closing twice, or before anything was drawn, writes nothing more', () => {
  const terminal = fakeTerminal(20, 10);
  const unused = createScreen(terminal);
  unused.close();
  assert.equal(terminal.writes, 0);
  const screen = createScreen(terminal);
  screen.draw(['one']);
  screen.close();
  const { writes } = terminal;
  screen.close();
  screen.draw(['two']);
  assert.equal(terminal.writes, writes);
  assert.deepEqual(terminal.seen(), ['one', '']);
});

test('without a terminal only the last view is printed, once, without any sequence', () => {
  let written = '';
  const screen = createScreen({ write: (text) => (written += text) });
  screen.draw(['one']);
  screen.draw(['two', 'three']);
  assert.equal(written, '');
  screen.close();
  screen.close();
  assert.equal(written, 'two\nthree\n');
});
