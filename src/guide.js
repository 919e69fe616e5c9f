// The pages link to files, as a forge shows them. Here a page is a module, and files that are no pages, such as
// pictures, are not there.
{
  const guide = document.currentScript.dataset.guide;
  for (const link of document.querySelectorAll(".docblock a[href]")) {
    const [, path, fragment] = link.getAttribute("href").match(/^([^#]*)(.*)/);
    const page = path.match(/^(?:docs\/)?([a-z-]+)\.md$/);
    if (path === "" || path.includes(":") || path.endsWith(".html")) continue;
    if (page) link.href = guide + page[1].replaceAll("-", "_") + "/index.html" + fragment;
    else if (path === "../README.md") link.href = guide + "../index.html" + fragment;
    else if (path.endsWith("emulator/README.md")) link.href = "https://docs.rs/leonardo-ai-emulator";
    else link.removeAttribute("href");
  }
  for (const image of document.querySelectorAll(".docblock img:not([src*=':'])")) image.remove();
}
