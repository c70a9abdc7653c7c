'use strict';
// The list: what the table top_urls holds, by server-sent events. It has a list for each window of thirty seconds, of which six are open at a time; shown is
// that which is nearly full.
const size = 30000, advance = 5000;
const list = document.getElementById('list');
const lines = new Map(); // by URL: the lines on the page
const windows = new Map(); // by their start: the views by URL
let last = ''; // the id of the last event
let source;

function follow() {
  source = new EventSource('/tables/top_urls/changes' + (last ? '?after=' + encodeURIComponent(last) : ''));
  source.onopen = () => say('state', 'live');
  // A browser comes again by itself, unless it was given an answer that is none, such as that of a server that is busy.
  source.onerror = () => {
    say('state', 'connection lost: trying again', true);
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 1000);
  };
  on('row', (row) => {
    if (!windows.has(row.WINDOWSTART)) windows.set(row.WINDOWSTART, new Map());
    windows.get(row.WINDOWSTART).set(row.URL, row.VIEWS);
  });
  on('delete', (row) => windows.get(row.WINDOWSTART)?.delete(row.URL));
  on('reset', () => windows.clear());
  on('end', () => { source.close(); say('state', 'the server has ended this: trying again', true); setTimeout(follow, 1000); });
}

function on(name, act) {
  source.addEventListener(name, (event) => { last = event.lastEventId || last; act(JSON.parse(event.data)); draw(); });
}

function say(where, text, lost = false) {
  const state = document.getElementById(where);
  state.textContent = text;
  state.className = lost ? 'state lost' : 'state';
}

let drawing = false;

// draw shows the list once for all events that have come, and forgets windows that are over.
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const start = Math.max(...windows.keys()) + advance - size;
    for (const old of windows.keys()) if (old < start) windows.delete(old);
    const top = [...(windows.get(start) ?? [])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    for (const [url, line] of lines) if (!windows.get(start)?.has(url)) { line.remove(); lines.delete(url); }
    top.forEach(([url, views], i) => {
      const line = lines.get(url) ?? make(url);
      line.children[1].style.width = (100 * views / top[0][1]) + '%';
      line.children[2].textContent = views;
      if (list.children[i] !== line) list.insertBefore(line, list.children[i] ?? null);
    });
    document.getElementById('until').textContent = top.length ? ', until ' + new Date(start + size).toLocaleTimeString('en-GB') : '';
  });
}

function make(url) {
  const line = document.createElement('li');
  line.dataset.url = url;
  line.append(...['span', 'div', 'span'].map((kind) => document.createElement(kind)));
  line.children[0].textContent = line.children[0].title = url;
  line.children[1].className = 'bar';
  line.children[2].className = 'views';
  lines.set(url, line);
  return line;
}

// The ticker: a query of this page's own, over a WebSocket. It begins when the page comes and ends when it goes.
const ticker = document.getElementById('ticker');
const recent = [];

function tick() {
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/queries?sql=' + encodeURIComponent('SELECT visitor, url FROM clicks EMIT CHANGES;'));
  socket.onmessage = (message) => {
    const { event, data } = JSON.parse(message.data);
    if (event === 'begin') say('ticker-state', 'live');
    if (event !== 'row') return;
    recent.unshift(data.VISITOR + '  ' + data.URL);
    recent.length = Math.min(recent.length, 6);
    ticker.textContent = recent.join('\n');
  };
  socket.onclose = () => { say('ticker-state', 'connection lost: trying again', true); setTimeout(tick, 1000); };
}

follow();
tick();
