// Makes one table sort, unfold and copy itself, and adds its secondary columns, where it has some. Called as (function)(id, more); cell outputs share no code, and a notebook may show an output twice.
function (id, more) {
  function make(root) {
    if (root.quantReady) return;
    root.quantReady = true;
    var table = root.querySelector('table'), body = table.tBodies[0];
    if (more) add();
    var heads = [].slice.call(table.tHead.rows[0].cells);
    var gap = body.querySelector('.quant-gap'), missing = table.hasAttribute('data-missing');
    var rows = [].slice.call(body.rows).filter(function (row) { return row !== gap; });
    var first = 20, last = 5, folded = !!gap && !missing;

    // At the end, out of sight until the box is ticked.
    function add() {
      function append(row, html) {
        var made = document.createElement('tr');
        made.innerHTML = html;
        while (made.firstChild) row.appendChild(made.firstChild);
      }
      append(table.tHead.rows[0], more.heads);
      [].filter.call(body.rows, function (row) { return row.className !== 'quant-gap'; }).forEach(function (row, index) { append(row, more.rows[index]); });
      [].forEach.call(body.querySelectorAll('.quant-gap td'), function (cell) { cell.colSpan += more.count; });
      var label = document.createElement('label'), box = document.createElement('input');
      box.type = 'checkbox';
      label.appendChild(box);
      label.appendChild(document.createTextNode(more.count + ' more column' + (more.count > 1 ? 's' : '')));
      root.querySelector('.quant-tools').appendChild(label);
    }
    function button(text, act) {
      var made = document.createElement('button');
      made.type = 'button'; made.textContent = text;
      made.addEventListener('click', act);
      return made;
    }
    function exact(cell) {
      var value = cell.getAttribute('data-v');
      return value !== null ? value : cell.title || cell.textContent;
    }
    function place() {
      rows.forEach(function (row, index) {
        row.hidden = folded && index >= first && index < rows.length - last;
        if (gap && folded && index === first) body.appendChild(gap);
        body.appendChild(row);
      });
      if (gap && !folded && gap.parentNode) gap.remove();
    }
    function sort(at) {
      var head = heads[at], number = head.hasAttribute('data-number'), up = head.getAttribute('aria-sort') !== 'ascending';
      var keyed = rows.map(function (row) {
        var text = exact(row.cells[at]), value = number ? Number(text) : text;
        return { row: row, none: text === '' || value !== value, value: value };
      });
      // What is missing comes last either way; rows that are equal keep their order.
      keyed.sort(function (a, b) {
        if (a.none || b.none) return a.none - b.none;
        var order = number ? (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) : a.value.localeCompare(b.value, undefined, { numeric: true });
        return up ? order : -order;
      });
      rows = keyed.map(function (key) { return key.row; });
      place();
      heads.forEach(function (other) { other.setAttribute('aria-sort', other === head ? up ? 'ascending' : 'descending' : 'none'); });
    }
    function field(text) { return /[",\r\n]|^ | $/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text; }
    function csv() {
      var from = heads[0].hasAttribute('data-row') ? 1 : 0;
      return [heads.map(function (head) { return head.getAttribute('data-name') || head.textContent; })].concat(rows.map(function (row) { return [].map.call(row.cells, exact); }))
        .map(function (cells) { return cells.slice(from).map(field).join(',') + '\n'; }).join('');
    }
    function copy(text, done) {
      function select() {
        var box = document.createElement('textarea'), copied = false;
        box.value = text; box.style.cssText = 'position:fixed;opacity:0';
        document.body.appendChild(box); box.select();
        try { copied = document.execCommand('copy'); } catch (refused) { copied = false; }
        box.remove(); done(copied);
      }
      if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(function () { done(true); }, select);
      else select();
    }

    if (!missing && rows.length > 1) heads.forEach(function (head, at) {
      var inner = button('', function () { sort(at); });
      var label = head.querySelector('div') || head;
      while (label.firstChild) inner.appendChild(label.firstChild);
      head.textContent = '';
      if (!inner.textContent) inner.setAttribute('aria-label', 'key of the row');
      head.setAttribute('aria-sort', 'none'); head.appendChild(inner);
    });
    if (folded) {
      var cell = gap.cells[0], unfold = button('show all rows', function () { folded = false; place(); });
      cell.appendChild(document.createTextNode(' ')); cell.appendChild(unfold);
    }
    var tools = root.querySelector('.quant-tools'), said = document.createElement('span');
    said.setAttribute('role', 'status');
    tools.appendChild(button(missing ? 'Copy the ' + rows.length + ' rows shown as CSV' : 'Copy as CSV', function () {
      copy(csv(), function (copied) {
        said.textContent = copied ? 'copied, with all digits' : 'this page may not use the clipboard';
        setTimeout(function () { said.textContent = ''; }, 4000);
      });
    }));
    tools.appendChild(said);
  }
  [].forEach.call(document.querySelectorAll('[data-quant-table="' + id + '"]'), make);
}
