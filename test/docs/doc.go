// Package docs follows the links between the pages that people read.
package docs
