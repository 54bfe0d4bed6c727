#include "bus/pages/html_assets.hpp"

namespace vera::pages {

std::string_view page_style() {
    return R"css(
:root{--bg:#ffffff;--soft:#f3f5f8;--line:#d5dbe3;--text:#1b2430;--dim:#4f5b6b;--link:#0b57a4;--mark:#0b57a4;--must:#a1260d;
--person:#7a3e00;--person-bg:#fdf0dd;--badge:#e4ebf4;--code:#eef1f5;--focus:#c05600}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){--bg:#12171e;--soft:#1a212b;--line:#35404e;--text:#e6eaf0;--dim:#a9b4c2;
--link:#83bdff;--mark:#83bdff;--must:#ff9d87;--person:#ffcf94;--person-bg:#3a2a14;--badge:#26313f;--code:#202935;--focus:#ffb066}}
:root[data-theme=dark]{--bg:#12171e;--soft:#1a212b;--line:#35404e;--text:#e6eaf0;--dim:#a9b4c2;--link:#83bdff;--mark:#83bdff;--must:#ff9d87;
--person:#ffcf94;--person-bg:#3a2a14;--badge:#26313f;--code:#202935;--focus:#ffb066}
*{box-sizing:border-box}
html{scroll-padding-top:4.5rem}
body{margin:0;background:var(--bg);color:var(--text);font:1rem/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif}
a{color:var(--link)}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.skip{position:absolute;left:-999px;top:0;background:var(--bg);padding:.5rem 1rem;z-index:3}
.skip:focus{left:.5rem}
.off{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header{position:sticky;top:0;z-index:2;display:flex;gap:1rem;align-items:center;padding:.6rem 1.25rem;background:var(--bg);border-bottom:1px solid var(--line)}
header .name{font-weight:700;font-size:1.1rem;white-space:nowrap}
header .name span{font-weight:400;color:var(--dim)}
header .search{flex:1;display:flex;gap:.75rem;align-items:center;max-width:46rem}
header input{flex:1;min-width:0;font:inherit;color:inherit;background:var(--soft);border:1px solid var(--dim);border-radius:.4rem;padding:.4rem .7rem}
header input::placeholder{color:var(--dim);opacity:1}
header output{color:var(--dim);white-space:nowrap;min-width:6rem}
button{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--dim);border-radius:.4rem;padding:.35rem .8rem;cursor:pointer}
header button{margin-left:auto;white-space:nowrap}
.columns{display:grid;grid-template-columns:19rem minmax(0,1fr)}
nav{position:sticky;top:3.6rem;align-self:start;height:calc(100vh - 3.6rem);overflow:auto;padding:1rem .75rem 3rem 1.25rem;border-right:1px solid var(--line);background:var(--soft)}
nav ul{list-style:none;margin:0;padding:0}
nav li a{display:block;padding:.12rem .4rem;border-radius:.3rem;text-decoration:none;overflow-wrap:anywhere}
nav li a:hover{text-decoration:underline}
nav li a[aria-current]{background:var(--badge);font-weight:600}
nav details{margin:.15rem 0}
nav summary{cursor:pointer;padding:.2rem .2rem;font-weight:600}
nav summary .count{font-weight:400;color:var(--dim)}
nav details ul{margin:0 0 .4rem 1rem;font-size:.92rem}
nav details .kind{color:var(--dim);font-size:.85rem;padding:.3rem .4rem 0}
main{padding:1.5rem 2.5rem 4rem;min-width:0;max-width:78rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 .6rem}
h2{font-size:1.5rem;margin:2.8rem 0 .8rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
h3{font-size:1.2rem;margin:0}
h4{font-size:1rem;margin:1.3rem 0 .4rem}
main p,main li{max-width:75ch}
code{font-family:ui-monospace,"DejaVu Sans Mono","Cascadia Mono",monospace;font-size:.88em;overflow-wrap:anywhere}
p code,li code,dd code,td>code{background:var(--code);padding:.05em .3em;border-radius:.25em}
pre{background:var(--code);border:1px solid var(--line);border-radius:.4rem;padding:.8rem 1rem;overflow:auto;max-height:32rem;margin:.4rem 0;line-height:1.4}
article{border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.3rem 1.2rem;margin:1.2rem 0;background:var(--bg);content-visibility:auto;contain-intrinsic-size:auto 30rem}
article:target{border-color:var(--mark);box-shadow:0 0 0 2px var(--mark)}
article .type{color:var(--dim);margin:.1rem 0 .6rem}
.badges{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;margin:.4rem 0 .6rem;padding:0}
.badges li{background:var(--badge);border-radius:1rem;padding:.08rem .7rem;font-size:.88rem}
.why{border-left:4px solid var(--mark);padding:.1rem 0 .1rem .9rem;margin:.7rem 0}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1rem;margin:.6rem 0}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
dd ul{margin:0;padding:0;list-style:none}
h3 a{color:inherit;text-decoration:none}
h3 a:hover{text-decoration:underline}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.94rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
thead th{color:var(--dim);font-weight:600;border-bottom:2px solid var(--line);white-space:nowrap}
tbody th{font-weight:600}
tbody th .small,td .small{display:block;font-weight:400;color:var(--dim);font-size:.85rem;overflow-wrap:anywhere}
table.fields{table-layout:fixed}
table.fields col.f{width:23%}table.fields col.t{width:17%}table.fields col.r{width:27%}
td ul{margin:0;padding:0;list-style:none}
td li+li{margin-top:.15rem}
.must{color:var(--must);font-weight:600}
.person{display:inline-block;color:var(--person);background:var(--person-bg);border-radius:.3rem;padding:0 .4rem;font-size:.85rem}
.num{text-align:right;font-variant-numeric:tabular-nums}
details.example>summary{cursor:pointer;margin-top:.9rem;font-weight:600}
.copy{float:right;margin:.5rem .5rem 0 0;padding:.1rem .6rem;font-size:.85rem}
[hidden]{display:none!important}
.scroll{overflow-x:auto}
@media (max-width:60rem){
.columns{grid-template-columns:minmax(0,1fr)}
nav{position:static;height:auto;max-height:16rem;border-right:0;border-bottom:1px solid var(--line)}
main{padding:1rem 1rem 3rem}
html{scroll-padding-top:7.5rem}
header{flex-wrap:wrap;padding:.5rem 1rem;gap:.5rem}
header .search{order:3;flex-basis:100%}
header output:empty{display:none}
}
@media (max-width:44rem){
article{padding:.9rem .9rem 1rem}
table.fields,table.fields tbody,table.fields tr,table.fields th,table.fields td{display:block;width:auto}
table.fields thead{display:none}
table.fields tr{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:.4rem .6rem}
table.fields th,table.fields td{border:0;padding:.12rem 0}
dl{grid-template-columns:minmax(0,1fr);gap:0}
dd{margin-bottom:.4rem}
}
@media print{
:root,:root[data-theme=dark]{--bg:#fff;--soft:#fff;--line:#999;--text:#000;--dim:#333;--link:#000;--mark:#333;--must:#000;--person:#000;--person-bg:#fff;--badge:#fff;--code:#fff}
header,nav,.skip,.copy{display:none}
.columns{display:block}
main{padding:0;max-width:none}
body{font-size:9.5pt}
article{content-visibility:visible;border:0;border-top:1px solid #999;border-radius:0;padding:.6rem 0}
pre{max-height:none;white-space:pre-wrap;border:1px solid #999}
tr,h2,h3,h4,.badges{break-inside:avoid}
h2,h3,h4{break-after:avoid}
.badges li{border:1px solid #999}
a{text-decoration:none}
}
)css";
}

std::string_view page_script() {
    return R"js(
(function () {
  'use strict';
  var root = document.documentElement, words = root.dataset;
  var fold = function (text) {
    return text.toLowerCase().replace(/æ/g, 'ae').replace(/ø/g, 'oe').replace(/å/g, 'aa');
  };
  var all = function (selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); };

  var theme = document.getElementById('theme');
  theme.hidden = false;
  theme.addEventListener('click', function () {
    var dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  });

  var input = document.getElementById('q'), output = document.getElementById('hits');
  document.querySelector('header .search').hidden = false;
  var articles = all('article[data-s]'), sections = all('main > section'), links = {};
  all('nav a[href]').forEach(function (link) { links[link.getAttribute('href').slice(1)] = link; });
  var groups = all('nav details'), wasOpen = groups.map(function (group) { return group.open; });

  function filter() {
    var wanted = fold(input.value).split(/\s+/).filter(Boolean), found = 0;
    articles.forEach(function (article) {
      var hit = wanted.every(function (word) { return article.dataset.s.indexOf(word) >= 0; });
      article.hidden = !hit;
      if (hit) found++;
      var link = links[article.id];
      if (link) link.parentNode.hidden = !hit;
    });
    sections.forEach(function (section) {
      var inside = all('article[data-s]', section);
      section.hidden = wanted.length > 0 && !inside.some(function (one) { return !one.hidden; });
      all('.overview', section).forEach(function (table) { table.hidden = wanted.length > 0; });
    });
    groups.forEach(function (group, i) {
      var any = all('li', group).some(function (item) { return !item.hidden; });
      group.hidden = !any;
      group.open = wanted.length > 0 ? any : wasOpen[i];
      all('ul', group).forEach(function (list) {
        list.hidden = !all('li', list).some(function (item) { return !item.hidden; });
        if (list.previousElementSibling.className === 'kind') list.previousElementSibling.hidden = list.hidden;
      });
    });
    output.textContent = wanted.length === 0 ? '' : found === 0 ? words.none : found + words.hits;
    if (wanted.length > 0) window.scrollTo(0, 0);
  }
  input.addEventListener('input', filter);
  document.addEventListener('keydown', function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); input.focus(); input.select(); }
    if (event.target !== input) return;
    if (event.key === 'Escape') { input.value = ''; filter(); }
    if (event.key === 'Enter') {
      var first = articles.filter(function (article) { return !article.hidden; })[0];
      if (first && input.value) { event.preventDefault(); first.querySelector('h3 a').focus(); first.scrollIntoView(); }
    }
  });

  function current() {
    var id = decodeURIComponent(location.hash.slice(1)), target = id && document.getElementById(id);
    all('nav a[aria-current]').forEach(function (link) { link.removeAttribute('aria-current'); });
    if (!target) return;
    var article = target.closest('article');
    if (target.closest('[hidden]')) { input.value = ''; filter(); target.scrollIntoView(); }
    var link = links[article ? article.id : id];
    if (!link) return;
    link.setAttribute('aria-current', 'true');
    var group = link.closest('details');
    if (group) group.open = true;
    var box = document.querySelector('nav');
    if (link.offsetTop < box.scrollTop || link.offsetTop > box.scrollTop + box.clientHeight) box.scrollTop = link.offsetTop - 80;
  }
  window.addEventListener('hashchange', current);
  current();

  all('pre').forEach(function (pre) {
    if (!navigator.clipboard) return;
    var button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = words.copy;
    button.addEventListener('click', function () {
      navigator.clipboard.writeText(pre.textContent).then(function () {
        button.textContent = words.copied;
        setTimeout(function () { button.textContent = words.copy; }, 1500);
      });
    });
    pre.parentNode.insertBefore(button, pre);
  });
  window.addEventListener('beforeprint', function () { all('main details').forEach(function (one) { one.open = true; }); });
})();
)js";
}

}  // namespace vera::pages
