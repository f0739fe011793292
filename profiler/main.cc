#include "cli/cli.h"

int main(int argc, char** argv) { return hubspy::Main(argc, argv); }
