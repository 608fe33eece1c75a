// Returns the texts on the page whose contrast to what is behind them is under a ratio: [text, ratio, selector].
(least) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [red, green, blue, alpha / 255]);
    }
    return known.get(colour);
  };
  const over = (top, under) => top.slice(0, 3).map((value, index) => value * top[3] + under[index] * (1 - top[3]));
  const grounds = new Map([[null, [255, 255, 255]]]);
  const behind = (element) => {
    if (!grounds.has(element)) {
      grounds.set(element, over(rgba(getComputedStyle(element).backgroundColor), behind(element.parentElement)));
    }
    return grounds.get(element);
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => (value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && element.checkVisibility({ opacityProperty: true, contentVisibilityAuto: true }) && !element.closest(".unseen")) {
      seen += 1;
      const under = behind(element);
      const [light, dark] = [luminance(over(rgba(getComputedStyle(element).color), under)), luminance(under)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < least) {
        poor.push([walker.currentNode.data.trim().slice(0, 40), Math.round(ratio * 100) / 100, `${element.tagName}.${element.className}`]);
      }
    }
  }
  return { seen, poor };
};
