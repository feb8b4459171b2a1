import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScreen } from '../../src/terminal/screen.ts';
import { fakeTerminal } from './terminal.ts';

test('a view replaces the previous one, below earlier output', () => {
  const terminal = fakeTerminal(20, 10);
  terminal.write('$ npm start\r\n');
  const screen = createScreen(terminal);
  screen.draw(['one', 'two', 'three']);
  assert.deepEqual(terminal.content(), ['$ npm start', 'one', 'two', 'three', '']);
  screen.draw(['1', 'two']);
  assert.deepEqual(terminal.content(), ['$ npm start', '1', 'two', '']);
  screen.draw(['a', 'b', 'c', 'd']);
  assert.deepEqual(terminal.content(), ['$ npm start', 'a', 'b', 'c', 'd', '']);
});

test('the cursor is hidden while the view is live, and shown again on close', () => {
  const terminal = fakeTerminal(20, 10);
  const screen = createScreen(terminal);
  assert.equal(terminal.cursorHidden(), false);
  screen.draw(['one']);
  assert.equal(terminal.cursorHidden(), true);
  screen.close();
  assert.equal(terminal.cursorHidden(), false);
  assert.deepEqual(terminal.content(), ['one', '']);
});

test('a line wider than the terminal takes several rows and is redrawn completely', () => {
  const terminal = fakeTerminal(10, 10);
  const screen = createScreen(terminal);
  screen.draw(['\x1b[32mabcdefghijklmnopqrstuvwxyz\x1b[0m', 'end']);
  assert.deepEqual(terminal.content(), ['abcdefghij', 'klmnopqrst', 'uvwxyz', 'end', '']);
  screen.draw(['short', 'end']);
  assert.deepEqual(terminal.content(), ['short', 'end', '']);
});

test('a view taller than the terminal reports the number of hidden rows, and shows all of them on close', () => {
  const terminal = fakeTerminal(70, 5);
  terminal.write('$ npm start\r\n');
  const screen = createScreen(terminal);
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  const notice = '... 9 more lines. Press Ctrl-C to exit and show all of them';
  for (const suffix of ['', '!', '?']) {
    screen.draw(lines.map((line) => line + suffix));
    assert.deepEqual(terminal.content(), [
      '$ npm start',
      `line 0${suffix}`,
      `line 1${suffix}`,
      `line 2${suffix}`,
      notice,
      '',
    ]);
  }
  screen.close();
  assert.deepEqual(terminal.content(), ['$ npm start', ...lines.map((line) => `${line}?`), '']);
});

test('after the terminal is resized, the view is redrawn in place', () => {
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
    assert.deepEqual(terminal.content().slice(-3), ['x', 'y', '']);
    assert.equal(terminal.content().join('').replaceAll(/\s/g, ''), '$npmstartxy');
  }
});

test('an unchanged view writes nothing', () => {
  const terminal = fakeTerminal(20, 10);
  const screen = createScreen(terminal);
  screen.draw(['one']);
  const { writes } = terminal;
  screen.draw(['one']);
  assert.equal(terminal.writes, writes);
});

test('closing twice, or before the first view, writes nothing', () => {
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
  assert.deepEqual(terminal.content(), ['one', '']);
});

test('without a terminal, only the last view is printed, once, without escape sequences', () => {
  let written = '';
  const screen = createScreen({ write: (text) => (written += text) });
  screen.draw(['one']);
  screen.draw(['two', 'three']);
  assert.equal(written, '');
  screen.close();
  screen.close();
  assert.equal(written, 'two\nthree\n');
});
