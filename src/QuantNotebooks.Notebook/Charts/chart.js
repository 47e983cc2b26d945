// Draws one chart. Called as (function)(elementId, height, figure); everything it needs is in here, for cell outputs share no code.
function (id, height, figure) {
  var authored = figure.layout || {};
  var layout = Object.assign(JSON.parse(JSON.stringify(authored)), { autosize: true, height: height });
  delete layout.width;
  if (!layout.margin) layout.margin = { l: 60, r: 30, t: layout.title ? 60 : 30, b: 50 };
  var config = Object.assign({ responsive: true, displaylogo: false }, figure.config);

  // The nearest painted background decides, not the colour scheme: Notebook 6 is white whatever the system prefers.
  function isDark(element) {
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

  function paint(element, dark) { return window.Plotly.relayout(element, colours(dark)); }

  // Notebook 6 squeezes long outputs into a box of 24 lines, where no chart can be read.
  function unbox() {
    if (document.getElementById('quant-chart-style')) return;
    var style = document.createElement('style');
    style.id = 'quant-chart-style';
    style.textContent = '.output_scroll:has(.quant-chart) { height: auto; box-shadow: none; }';
    document.head.appendChild(style);
  }

  (function draw(attempts) {
    var element = document.getElementById(id);
    if (!element || !window.Plotly) {
      if (attempts > 0) setTimeout(function () { draw(attempts - 1); }, 50);
      else if (element) element.textContent = 'This chart needs plotly.js: run the first cell with a chart again, or trust the notebook.';
      return;
    }
    unbox();
    var initial = colours(isDark(element));
    Object.keys(initial).forEach(function (path) {
      var keys = path.split('.'), last = keys.pop();
      keys.reduce(function (node, key) { return node[key] || (node[key] = {}); }, layout)[last] = initial[path];
    });
    window.Plotly.newPlot(element, figure.data, layout, config).then(function () {
      function repaint() { if (element.isConnected) paint(element, isDark(element)); }
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () { setTimeout(repaint, 50); });
      window.addEventListener('beforeprint', function () { if (element.isConnected) paint(element, false); });
      window.addEventListener('afterprint', repaint);
    });
  })(400);
}
