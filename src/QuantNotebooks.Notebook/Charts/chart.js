// Draws one chart. Called as (function)(elementId, height, figure); everything it needs is in here, for cell outputs share no code.
function (id, height, figure) {
  var authored = figure.layout || {}, meta = authored.meta || {};
  var layout = Object.assign(JSON.parse(JSON.stringify(authored)), { autosize: true, height: height });
  delete layout.width;
  if (!layout.margin) layout.margin = { l: 60, r: 30, t: layout.title ? 60 : 30, b: 50 };
  var config = Object.assign({ responsive: true, displaylogo: false, modeBarButtonsToRemove: ['select2d', 'lasso2d', 'zoomIn2d', 'zoomOut2d', 'autoScale2d'] }, figure.config);

  // The nearest painted background decides, not the colour scheme: Notebook 6 is white whatever the system prefers.
  // VS Code paints none within a cell's output and says it of the page.
  function isDark(element) {
    var host = document.body.classList;
    if (host.contains('vscode-light') || host.contains('vscode-high-contrast-light')) return false;
    if (host.contains('vscode-dark') || host.contains('vscode-high-contrast')) return true;
    for (var e = element; e; e = e.parentElement) {
      var c = (getComputedStyle(e).backgroundColor.match(/[\d.]+/g) || []).map(Number);
      if (c.length >= 3 && (c.length === 3 || c[3] > 0.5)) return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] < 128;
    }
    return false;
  }

  // Colours by dotted layout path; what the figure's author has set stays as it is.
  function colours(dark) {
    var text = dark ? '#e6e6e6' : '#222222', grid = dark ? '#454a52' : '#dfe2e6', axis = dark ? '#8b929c' : '#8a9099';
    var wanted = { 'paper_bgcolor': 'rgba(0,0,0,0)', 'plot_bgcolor': 'rgba(0,0,0,0)', 'font.color': text,
      'legend.bgcolor': 'rgba(0,0,0,0)', 'modebar.bgcolor': 'rgba(0,0,0,0)', 'modebar.color': axis, 'modebar.activecolor': text };
    var axes = Object.keys(authored).filter(function (key) { return /^[xy]axis\d*$/.test(key); });
    ['xaxis', 'yaxis'].concat(axes).forEach(function (name) {
      wanted[name + '.gridcolor'] = grid; wanted[name + '.zerolinecolor'] = axis; wanted[name + '.linecolor'] = axis;
    });
    Object.keys(authored).filter(function (key) { return /^scene\d*$/.test(key); }).forEach(function (scene) {
      ['xaxis', 'yaxis', 'zaxis'].forEach(function (name) {
        wanted[scene + '.' + name + '.gridcolor'] = grid; wanted[scene + '.' + name + '.backgroundcolor'] = 'rgba(0,0,0,0)';
      });
    });
    var free = {};
    Object.keys(wanted).forEach(function (path) {
      var set = path.split('.').reduce(function (node, key) { return node == null ? node : node[key]; }, authored);
      if (set == null) free[path] = wanted[path];
    });
    return free;
  }

  // Notebook 6 squeezes long outputs into a box of 24 lines, where no chart can be read.
  function unbox() {
    if (document.getElementById('quant-chart-style')) return;
    var style = document.createElement('style');
    style.id = 'quant-chart-style';
    style.textContent = '.output_scroll:has(.quant-chart) { height: auto; box-shadow: none; }'
      // Where there is no pointer to hover with, the buttons always show: not over the title.
      + '.quant-chart .modebar-container.modebar-container, .quant-chart .modebar.modebar { top: auto !important; bottom: 1px; }'
      + '.quant-controls { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; padding: 2px 0 0 8px; }'
      + '.quant-controls select { font: inherit; max-width: 22em; padding: 1px 4px; }'
      + 'body:is(.vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light)) .quant-controls { color-scheme: dark; }'
      + '@media print { .quant-controls, .quant-chart .modebar-container { display: none; } }';
    document.head.appendChild(style);
  }

  function select(bar, label, options, chosen, act) {
    var box = document.createElement('label'), list = document.createElement('select');
    box.textContent = label + ' ';
    options.forEach(function (text, value) {
      var option = document.createElement('option');
      option.textContent = text; option.value = value; option.selected = value === chosen;
      list.appendChild(option);
    });
    list.addEventListener('change', function () { act(Number(list.value)); });
    box.appendChild(list); bar.appendChild(box);
    return list;
  }

  // A layer chosen in one chart is marked in all charts of the page that show the same network.
  function choose(layer) { document.dispatchEvent(new CustomEvent('quant-layer', { detail: { group: meta.group, layer: layer } })); }

  // In a drawing of the network layers stand at places instead of along an axis.
  function linkGraph(plot) {
    plot.on('plotly_click', function (event) {
      var layer = event.points[0].customdata;
      if (meta.places[layer]) choose(layer);
    });
    document.addEventListener('quant-layer', function (event) {
      var place = event.detail.group === meta.group && meta.places[event.detail.layer];
      if (!plot.isConnected || event.detail.group !== meta.group) return;
      window.Plotly.relayout(plot, { shapes: place ? [{ type: 'circle', xref: 'x', yref: 'y', x0: place[0] - 0.34, x1: place[0] + 0.34,
        y0: place[1] - 0.42, y1: place[1] + 0.42, line: { color: '#e08214', width: 3 } }] : [] });
    });
  }

  function link(plot) {
    var fixed = authored.shapes || [];
    plot.on('plotly_click', function (event) {
      var point = event.points[0];
      if (point.data.xaxis === 'x2' && meta.heatMap) return;
      var index = Math.round(Number(meta.axis === 'y' ? point.y : point.x));
      if (meta.layers[index] !== undefined) choose(meta.layers[index]);
    });
    document.addEventListener('quant-layer', function (event) {
      if (!plot.isConnected || event.detail.group !== meta.group) return;
      var index = meta.layers.indexOf(event.detail.layer);
      var across = meta.axis === 'y' ? { x0: 0, x1: 1, xref: 'paper', y0: index - 0.5, y1: index + 0.5, yref: 'y' }
        : { x0: index - 0.5, x1: index + 0.5, xref: 'x', y0: 0, y1: 1, yref: 'paper' };
      var mark = Object.assign({ type: 'rect', layer: meta.axis === 'y' ? 'above' : 'below', line: { color: '#e08214', width: 1.5 },
        fillcolor: meta.axis === 'y' ? 'rgba(0,0,0,0)' : 'rgba(224,130,20,0.18)' }, across);
      window.Plotly.relayout(plot, { shapes: index < 0 ? fixed : fixed.concat([mark]) });
    });
  }

  // The heat map's lists: layer, unit, order. Cells hold sigmas; the channel's sigma and the layer's step make the other units of them.
  function heatMap(plot, bar) {
    var heat = meta.heatMap, units = ['σ', 'steps', 'units of the activation'], chosen = heat.chosen, unit = 0, order = 0;
    var rows = figure.data.filter(function (trace) { return trace.type === 'heatmap'; });
    var copies = rows.map(function (trace) {
      return { z: trace.z[0].slice(), text: trace.text[0].slice(), sigma: trace.customdata && trace.customdata[0].slice(), row: trace.meta[1], x0: trace.x0, dx: trace.dx };
    });
    var main = {};
    copies.forEach(function (copy) { if (copy.sigma) main[copy.row] = copy; });
    function value(copy, index) {
      var z = copy.z[index];
      if (z === null || unit === 0 || !copy.sigma) return z;
      var raw = z * copy.sigma[index];
      return unit === 2 ? raw : heat.steps[copy.row] ? raw / heat.steps[copy.row] : null;
    }
    function places(row) {
      var copy = main[row], all = copy.z.map(function (_, index) { return index; });
      if (order === 0) return all;
      var key = function (index) { var v = value(copy, index); return v === null ? Infinity : v; };
      return all.sort(function (a, b) { return key(a) - key(b) || a - b; });
    }
    function show() {
      var limit = heat.limits[unit] || 1, name = units[unit], sorted = order === 1;
      var update = { z: [], text: [], x0: [], dx: [], meta: [] };
      copies.forEach(function (copy) {
        var at = places(copy.row), count = copy.z.length;
        update.z.push([at.map(function (index) { return value(copy, index); })]);
        update.text.push([at.map(function (index) { return copy.text[index]; })]);
        update.x0.push(sorted ? 50 / count : copy.x0); update.dx.push(sorted ? 100 / count : copy.dx); update.meta.push([name, copy.row]);
      });
      var widest = Math.max.apply(null, heat.channels), ticks = [-limit, -limit / 2, 0, limit / 2, limit];
      window.Plotly.restyle(plot, update, copies.map(function (_, index) { return index; }));
      window.Plotly.relayout(plot, { 'coloraxis.cmin': -limit, 'coloraxis.cmax': limit, 'coloraxis.colorbar.tickvals': ticks,
        'coloraxis.colorbar.ticktext': ticks.map(function (tick) { return (tick > 0 ? '+' : '') + Number(tick.toPrecision(2)); }),
        'coloraxis.colorbar.title.text': unit === 0 ? authored.coloraxis.colorbar.title.text : 'shift, ' + name + ' (clipped at the ends)',
        'xaxis.range': sorted ? [0, 100] : [-0.5, widest - 0.5],
        'xaxis.title.text': sorted ? 'channels of each layer sorted by shift, % of the layer\'s channels' : authored.xaxis.title.text });
      detail();
    }
    function detail() {
      var copy = main[chosen], at = places(chosen), values = at.map(function (index) { return value(copy, index); });
      var x = at.map(function (index, rank) { return order === 1 ? rank : Number((copy.text[index].match(/^\d+/) || [index * copy.dx])[0]); });
      window.Plotly.restyle(plot, { x: [x], y: [values], 'marker.color': [values], meta: [[units[unit]]],
        text: [at.map(function (index) { return copy.text[index]; })] }, [rows.length]);
      window.Plotly.relayout(plot, { 'yaxis2.title.text': 'shift, ' + (unit === 2 ? 'activation' : units[unit]), 'yaxis2.autorange': true,
        'xaxis2.title.text': (order === 1 ? 'rank of the channel in ' : 'channel of ') + meta.layers[chosen].replace(/&/g, '&amp;').replace(/</g, '&lt;'),
        'xaxis2.range': order === 1 ? [-0.5, at.length - 0.5] : [-0.5, heat.channels[chosen] - 0.5] });
    }
    var list = select(bar, 'Layer', meta.layers, chosen, function (index) { choose(meta.layers[index]); });
    select(bar, 'Shift in', units.filter(function (_, index) { return index !== 1 || heat.steps.some(function (step) { return step; }); }), unit, function (index) {
      unit = index > 0 && !heat.steps.some(function (step) { return step; }) ? 2 : index; show();
    });
    select(bar, 'Channels', ['in the order of the file', 'sorted by shift'], order, function (index) { order = index; show(); });
    document.addEventListener('quant-layer', function (event) {
      var index = event.detail.group === meta.group ? meta.layers.indexOf(event.detail.layer) : -1;
      if (!plot.isConnected || index < 0) return;
      chosen = index; list.value = index; detail();
    });
  }

  (function draw(attempts) {
    var element = document.getElementById(id);
    if (!element || !window.Plotly) {
      // The picture stays where plotly.js never comes: the notebook is not trusted, or only a part of it is shown.
      if (attempts > 0) setTimeout(function () { draw(attempts - 1); }, 50);
      else if (element) element.title = 'A picture of the chart: for the chart itself run the first cell with a chart again, or trust the notebook.';
      return;
    }
    unbox();
    var bar = document.createElement('div'), plot = document.createElement('div');
    bar.className = 'quant-controls';
    element.replaceChildren(bar, plot);
    element.style.minHeight = '';
    plot.style.cssText = 'width:100%;height:' + height + 'px';
    var initial = colours(isDark(element));
    Object.keys(initial).forEach(function (path) {
      var keys = path.split('.'), last = keys.pop();
      keys.reduce(function (node, key) { return node[key] || (node[key] = {}); }, layout)[last] = initial[path];
    });
    window.Plotly.newPlot(plot, figure.data, layout, config).then(function () {
      // The buttons have no names and serve the mouse alone, the tester measures texts out of sight: a screen reader passes them by.
      document.querySelectorAll('.modebar-container, #js-plotly-tester').forEach(function (part) { part.setAttribute('aria-hidden', 'true'); });
      var painted = isDark(element);
      function paint(dark) { painted = dark; if (plot.isConnected) window.Plotly.relayout(plot, colours(dark)); }
      function repaint() { paint(isDark(element)); }
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () { setTimeout(repaint, 50); });
      new MutationObserver(function () { if (isDark(element) !== painted) repaint(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
      window.addEventListener('beforeprint', function () { paint(false); });
      window.addEventListener('afterprint', repaint);
      if (meta.layers) link(plot);
      if (meta.places) linkGraph(plot);
      if (meta.choices) select(bar, meta.choices.label, meta.choices.items.map(function (item) { return item.name; }), 0, function (index) {
        var item = meta.choices.items[index];
        window.Plotly.update(plot, item.data, item.layout, item.traces);
      });
      if (meta.heatMap) heatMap(plot, bar);
    });
  })(400);
}
