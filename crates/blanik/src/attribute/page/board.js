const boxes=[...document.querySelectorAll('input[data-i]')];
const bars=document.getElementById('bars'),state=document.getElementById('state');
function shares(on){
  const s=M.base.slice();
  for(const b of boxes)if(on(b)){const p=M.items[+b.dataset.i];for(let k=0;k<p.length;k++)s[k]+=p[k]}
  const t=Math.max(...s),e=s.map(x=>Math.exp(x-t)),z=e.reduce((a,b)=>a+b,0);
  return e.map(x=>x/z);
}
const whole=shares(b=>!b.disabled);
function draw(){
  const now=shares(b=>b.checked);
  const order=now.map((p,k)=>k).sort((a,b)=>Math.max(now[b],whole[b])-Math.max(now[a],whole[a])).slice(0,8);
  bars.textContent='';
  for(const k of order){
    const row=document.createElement('div');row.className='bar';
    const name=document.createElement('span');name.textContent=M.names[k];name.title=M.names[k];
    const track=document.createElement('div'),bar=document.createElement('b'),mark=document.createElement('u');
    bar.style.width=(now[k]*100)+'%';mark.style.left=(whole[k]*100)+'%';track.append(bar,mark);
    const p=document.createElement('i');p.textContent=(now[k]*100).toFixed(1)+' %';
    row.append(name,track,p);bars.append(row);
  }
  let off=0;
  for(const b of boxes){const is=!b.checked&&!b.disabled;off+=is;b.closest('tr').classList.toggle('off',!b.checked)}
  state.textContent=off?off+' item'+(off>1?'s':'')+' switched off; the mark shows where each bar stood':'all items count';
}
for(const b of boxes)b.addEventListener('change',draw);
document.getElementById('all').addEventListener('click',()=>{for(const b of boxes)if(!b.disabled)b.checked=true;draw()});
document.getElementById('none').addEventListener('click',()=>{for(const b of boxes)b.checked=false;draw()});
draw();
