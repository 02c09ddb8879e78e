// Filters and unfolds the list of findings. Everything that a log wrote is set as text, never as
// markup; nothing is fetched or stored.
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('data').textContent);
  const form = document.getElementById('filters');
  if (!form || !data.length) return;
  const PAGE = 100;
  const LEVELS = ['critical', 'high', 'medium', 'low', 'informational'];
  const list = document.getElementById('list');
  const more = document.getElementById('more');
  const shown = document.getElementById('shown');
  const histogram = document.getElementById('histogram');
  const levels = new Set();
  let hits = [];
  let drawn = 0;

  const el = (tag, className, text) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const haystack = (f) => {
    if (f.hay === undefined) {
      const pairs = f.matched.concat(f.fields).map((p) => p[0] + '=' + p[1]);
      f.hay = [f.level, f.time, f.title, f.rule, f.kind, f.host, f.account, f.place, f.raw || '']
        .concat(f.tags, pairs).join('\n').toLowerCase();
    }
    return f.hay;
  };

  // The list.
  const table = (pairs, hitNames) => {
    const t = el('table', 'fields');
    for (const [name, value] of pairs) {
      const row = el('tr', hitNames && hitNames.has(name) ? 'hit' : '');
      row.append(el('th', '', name), el('td', '', value));
      t.append(row);
    }
    return t;
  };
  const body = (f) => {
    const b = el('div', 'body');
    const meta = el('div', 'meta');
    for (const [name, value] of [['Host', f.host], ['Account', f.account], ['Kind', f.kind],
      ['Tags', f.tags.join(' ')], ['Status', f.status], ['Rule', f.rule]]) {
      if (!value) continue;
      const s = el('span');
      s.append(el('i', '', name), value);
      meta.append(s);
    }
    b.append(meta, el('p', 'place', f.place));
    const names = new Set(f.matched.map((p) => p[0]));
    b.append(el('h3', '', 'What the rule matched'), table(f.matched, names));
    b.append(el('h3', '', f.correlates ? 'The events it rests on' : 'All fields of the event'), table(f.fields, names));
    if (f.raw !== undefined) b.append(el('h3', '', 'The record as it stood'), el('pre', '', f.raw));
    return b;
  };
  const item = (f) => {
    const li = el('li', 'finding ' + f.level);
    const d = el('details');
    const s = el('summary');
    s.append(el('span', 'level', f.level), el('span', 'time', f.time || 'no time'),
      el('span', 'title', f.title),
      el('span', 'who', [f.host, f.account].filter(Boolean).join(' · ')));
    if (f.matched.length) s.append(el('span', 'telling', f.matched[0].join('=')));
    d.append(s);
    d.addEventListener('toggle', () => { if (d.open && d.children.length === 1) d.append(body(f)); });
    li.append(d);
    return li;
  };
  const draw = () => {
    const next = hits.slice(drawn, drawn + PAGE);
    list.append(...next.map(item));
    drawn += next.length;
    const left = hits.length - drawn;
    more.hidden = left === 0;
    more.firstElementChild.textContent = 'Show ' + Math.min(PAGE, left) + ' more of ' + left.toLocaleString('en');
  };

  // Filters.
  const seconds = (value) => (value ? Date.parse(value + 'Z') / 1000 : NaN);
  const local = (s) => new Date(s * 1000).toISOString().slice(0, 19);
  const apply = () => {
    const v = (name) => form.elements[name].value;
    const words = v('text').toLowerCase().split(/\s+/).filter(Boolean);
    const from = seconds(v('from'));
    const to = seconds(v('to'));
    const [host, tactic, account, rule] = ['host', 'tactic', 'account', 'rule'].map(v);
    hits = data.filter((f) =>
      (!levels.size || levels.has(f.level)) && (!host || f.host === host) &&
      (!tactic || f.tactics.includes(tactic)) && (!account || f.account === account) &&
      (!rule || f.rule === rule) &&
      (Number.isNaN(from) || (f.at !== null && f.at >= from)) &&
      (Number.isNaN(to) || (f.at !== null && f.at <= to)) &&
      words.every((w) => haystack(f).includes(w)));
    if (v('order') === 'time') {
      const at = (f) => (f.at === null ? Infinity : f.at);
      hits.sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)));
    }
    list.replaceChildren();
    drawn = 0;
    draw();
    shown.textContent = hits.length === data.length
      ? data.length.toLocaleString('en') + (data.length === 1 ? ' finding' : ' findings')
      : hits.length.toLocaleString('en') + ' of ' + data.length.toLocaleString('en') + ' findings';
    for (const b of document.querySelectorAll('button[data-level]')) {
      b.setAttribute('aria-pressed', levels.has(b.dataset.level));
    }
    for (const name of ['host', 'tactic', 'account', 'rule']) {
      for (const b of document.querySelectorAll('button[data-' + name + ']')) {
        b.setAttribute('aria-pressed', v(name) === b.dataset[name]);
      }
    }
    drawBrush(from, to);
  };

  const fill = (name, labels) => {
    const select = form.elements[name];
    for (const [value, label] of labels) {
      const o = el('option', '', label.length > 80 ? label.slice(0, 79) + '…' : label);
      o.value = value;
      select.append(o);
    }
  };
  const distinct = (key, label) => {
    const found = new Map();
    for (const f of data) if (f[key]) found.set(f[key], f[label]);
    return [...found].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
  };
  fill('host', distinct('host', 'host'));
  fill('account', distinct('account', 'account'));
  fill('rule', distinct('rule', 'title'));
  fill('tactic', [...document.querySelectorAll('button[data-tactic]')]
    .map((b) => [b.dataset.tactic, b.firstElementChild.textContent]));

  const chips = document.getElementById('level-chips');
  for (const level of LEVELS.filter((l) => data.some((f) => f.level === l))) {
    const chip = el('button', 'chip ' + level, level);
    chip.type = 'button';
    chip.dataset.level = level;
    chips.append(chip);
  }

  const toList = () => document.getElementById('findings').scrollIntoView();
  document.addEventListener('click', (event) => {
    const b = event.target.closest('button');
    if (!b) return;
    if (b.dataset.level) {
      if (!levels.delete(b.dataset.level)) levels.add(b.dataset.level);
      apply();
      return;
    }
    for (const name of ['host', 'tactic', 'account', 'rule']) {
      const value = b.dataset[name];
      if (value === undefined) continue;
      const select = form.elements[name];
      const was = select.value === value;
      select.value = was ? '' : value;
      apply();
      if (!was) toList();
      return;
    }
  });
  more.firstElementChild.addEventListener('click', draw);
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => { levels.clear(); setTimeout(apply); });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });

  // The brush over the histogram: drag to choose a time, click to choose a bucket or to let go.
  const edges = histogram ? histogram.dataset.edges.split(' ').map(Number) : [];
  const buckets = edges.length - 1;
  const brush = histogram && histogram.querySelector('.brush');
  function drawBrush(from, to) {
    if (!brush) return;
    const none = Number.isNaN(from) && Number.isNaN(to);
    brush.hidden = none;
    if (none) return;
    const place = (s) => {
      let i = edges.findIndex((e) => e > s) - 1;
      if (s < edges[0]) return 0;
      if (i < 0) return 1;
      return (i + (s - edges[i]) / (edges[i + 1] - edges[i])) / buckets;
    };
    const a = Number.isNaN(from) ? 0 : place(from);
    const b = Number.isNaN(to) ? 1 : place(to + 1);
    brush.style.left = a * 100 + '%';
    brush.style.width = Math.max(0, b - a) * 100 + '%';
  }
  if (histogram) {
    let start = null;
    const bucket = (event) => {
      const box = histogram.getBoundingClientRect();
      const i = Math.floor((event.clientX - box.left) / box.width * buckets);
      return Math.min(buckets - 1, Math.max(0, i));
    };
    const choose = (a, b) => {
      form.elements.from.value = local(edges[Math.min(a, b)]);
      form.elements.to.value = local(edges[Math.max(a, b) + 1] - 1);
    };
    histogram.addEventListener('pointerdown', (event) => {
      start = bucket(event);
      histogram.setPointerCapture(event.pointerId);
    });
    histogram.addEventListener('pointermove', (event) => {
      if (start === null) return;
      const now = bucket(event);
      drawBrush(edges[Math.min(start, now)], edges[Math.max(start, now) + 1] - 1);
    });
    histogram.addEventListener('pointercancel', () => { start = null; apply(); });
    histogram.addEventListener('pointerup', (event) => {
      if (start === null) return;
      const now = bucket(event);
      const again = start === now && seconds(form.elements.from.value) === edges[now] &&
        seconds(form.elements.to.value) === edges[now + 1] - 1;
      if (again) {
        form.elements.from.value = '';
        form.elements.to.value = '';
      } else {
        choose(start, now);
      }
      start = null;
      apply();
    });
  }

  document.documentElement.classList.add('js');
  form.hidden = false;
  apply();
})();
