#include <Python.h>

/* Loads libpython as TGI's router does, which finds its environment by the name python3 in PATH. */
int main(int argc, char **argv) {
  char *args[16] = {"python3", "/usr/src/router.py"};
  int count = 2;
  for (int i = 1; i < argc && count < 15; i++) args[count++] = argv[i];
  return Py_BytesMain(count, args);
}
