# For tools that drive node-gyp (prebuildify, electron-rebuild): the same CMake build as everywhere, in a folder of its
# own, because node-gyp's makefiles and CMake's would overwrite each other in build/. The addon uses Node-API only, so
# CMake builds it from node-api-headers whatever runtime node-gyp aims at.
{
  "targets": [
    {
      "target_name": "longembed",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "message": "Building longembed.node with CMake",
          "inputs": ["CMakeLists.txt"],
          # never written, so the action runs every time; CMake knows what there is to do
          "outputs": ["<(PRODUCT_DIR)/always-run-cmake"],
          "action": ["node", "scripts/build-native.mjs", "--out", "build/cmake", "--target", "longembed", "--copy", "<(PRODUCT_DIR)"]
        }
      ]
    }
  ]
}
