/**
 * The style of the pictures. An image cannot know its page's colours, so it has its own background and follows the
 * reader's choice of light or dark.
 */
export const STYLE = `
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
.title text { font-size: 14px; font-weight: 600; }
svg { color: #1f2328; }
.ground { fill: #ffffff; stroke: #d1d9e0; }
.native { fill: #0969da; fill-opacity: 0.08; }
.native-name { fill: #4078c0; }
.line { stroke: #b5bec7; }
.known { fill: #0969da; }
.exact { fill: #1a7f37; }
.beyond { fill: #cf4b00; }
.special { fill: #7d8590; }
@media (prefers-color-scheme: dark) {
  svg { color: #e6edf3; }
  .ground { fill: #0d1117; stroke: #3d444d; }
  .native { fill: #4493f8; fill-opacity: 0.18; }
  .native-name { fill: #6ca4e8; }
  .line { stroke: #57606a; }
  .known { fill: #58a6ff; }
  .exact { fill: #3fb950; }
  .beyond { fill: #f0883e; }
  .special { fill: #9198a1; }
}
`;
