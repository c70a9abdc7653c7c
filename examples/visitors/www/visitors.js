'use strict';
// What the table visits_per_country holds, and what becomes of it: one line per country.
const url = '/tables/visits_per_country/changes';
const list = document.getElementById('countries');
const state = document.getElementById('state');
const rows = new Map(); // by country
let last = ''; // the id of the last event
let source;

function connect() {
  source = new EventSource(url + (last ? '?after=' + encodeURIComponent(last) : ''));
  source.onopen = () => say('live');
  // A browser comes again by itself, unless it was given an answer that is none, such as that of a server that is busy.
  source.onerror = () => {
    say('connection lost: trying again', true);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
  on('row', (row) => put(row));
  on('delete', (row) => { rows.get(row.COUNTRY)?.line.remove(); rows.delete(row.COUNTRY); draw(); });
  on('reset', () => { rows.clear(); list.replaceChildren(); });
  on('end', () => { source.close(); say('the server has ended this: trying again', true); setTimeout(connect, 1000); });
}

function on(name, act) {
  source.addEventListener(name, (event) => { last = event.lastEventId || last; act(JSON.parse(event.data)); });
}

function say(text, lost = false) {
  state.textContent = text;
  state.className = lost ? 'lost' : '';
}

function put(row) {
  let r = rows.get(row.COUNTRY);
  if (!r) {
    const line = document.createElement('div');
    line.className = 'country';
    line.append(...['', 'bar', 'visits'].map((name, i) => {
      const part = document.createElement(i === 1 ? 'div' : 'span');
      part.className = name;
      return part;
    }));
    line.id = 'country-' + row.COUNTRY;
    list.append(line);
    rows.set(row.COUNTRY, r = { line });
  }
  r.visits = row.VISITS;
  r.line.children[0].textContent = row.NAME ?? row.COUNTRY;
  r.line.children[2].textContent = row.VISITS.toLocaleString('en');
  draw();
}

let drawing = false;

// draw puts the lines in order once for all events that have come, the most visits first.
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const sorted = [...rows.values()].sort((a, b) => b.visits - a.visits);
    const most = sorted.length ? sorted[0].visits : 1;
    sorted.forEach((r, i) => {
      r.line.children[1].style.width = (100 * r.visits / most) + '%';
      if (list.children[i] !== r.line) list.insertBefore(r.line, list.children[i] ?? null);
    });
  });
}

connect();
